"""The cells of a study: one run each, known by what goes into it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from barestyle.errors import StudyError
from barestyle.spec import VGG, Spec
from barestyle.study.declaration import Pair, Study
from barestyle.study.image_files import PictureFile


@dataclass(frozen=True)
class Cell:
    """One run: a spec on a pair with a seed.

    `key` names what the result depends on, and nothing else: two variants of one spec share their cells, and
    a study that is extended repeats none. `names` are the variant@optimizer that it belongs to, for people.
    """

    key: str
    pair: Pair
    spec: Spec
    seed: int
    names: tuple[str, ...]

    @property
    def variants(self) -> tuple[str, ...]:
        """The names without their optimizers."""
        return tuple(dict.fromkeys(name.partition("@")[0] for name in self.names))


def cells(study: Study, pictures: Mapping[str, PictureFile], weights: str | None) -> list[Cell]:
    """Every cell once, ordered so that each pair and seed fills all figures before the next begins.

    `weights` is the SHA-256 of the trained weights' file; StudyError where a variant needs it and it is None.
    """
    specs: dict[str, tuple[Spec, list[str]]] = {}
    for variant in study.variants():
        for optimizer in study.optimizers:
            spec = study.spec(variant, optimizer)
            names = specs.setdefault(spec.digest, (spec, []))[1]
            name = f"{variant.variant}@{optimizer.name}"
            if name not in names:
                names.append(name)
            if is_trained(spec) and weights is None:
                raise StudyError(
                    f"variant {variant.variant!r} needs trained VGG-19 weights; name a file with --trained FILE, "
                    "or leave such variants out with --untrained"
                )
    found = []
    for position, seed in enumerate(study.seeds):
        for pair in study.pairs:
            for spec, names in specs.values():
                if position and not spec.network.is_drawn:
                    continue
                found.append(Cell(key_of(spec, pair, seed, pictures, weights), pair, spec, seed, tuple(names)))
    return found


def key_of(spec: Spec, pair: Pair, seed: int, pictures: Mapping[str, PictureFile], weights: str | None) -> str:
    """Twenty hexadecimal digits of the spec's digest, the seed, and the hashes of everything read."""
    parts = (spec.digest, str(seed), pictures[pair.content].sha256, pictures[pair.style].sha256)
    used = weights if is_trained(spec) and weights else ""
    return hashlib.sha256("|".join((*parts, used)).encode()).hexdigest()[:20]


def is_trained(spec: Spec) -> bool:
    """Whether a spec needs trained weights."""
    return isinstance(spec.network, VGG) and spec.network.is_trained


def untrained(study: Study) -> Study:
    """The study without variants that need trained weights. Raises StudyError where nothing is left."""
    figures = []
    for figure in study.figures:
        panels = tuple(panel for panel in figure.panels if not is_trained(panel.spec({})))
        if panels:
            figures.append(figure.model_copy(update={"panels": panels}))
    if not figures:
        raise StudyError(
            f"every variant of study {study.study!r} needs trained weights; name a file with --trained FILE"
        )
    return study.model_copy(update={"figures": tuple(figures)})
