"""From a study to its cells: every variant, optimizer, pair and seed once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from barestyle.errors import StudyError
from barestyle.spec import VGG, Spec
from barestyle.study.cell import Cell
from barestyle.study.declaration import Pair, Study


def expand(study: Study, image_hashes: Mapping[str, str], weights_hash: str | None) -> list[Cell]:
    """Return every cell once, ordered so that each seed and pair completes all figures before the next begins.

    Args:
        study: the study.
        image_hashes: SHA-256 of each image's file, by the image's name in the study.
        weights_hash: SHA-256 of the trained weights' file, or None without trained weights.

    Raises StudyError if a variant needs trained weights and there are none.
    """
    specs: dict[str, tuple[Spec, list[str], dict[int, None]]] = {}
    for variant in study.variants:
        for optimizer in study.optimizers:
            spec = study.build_spec(variant, optimizer)
            if needs_trained_weights(spec) and weights_hash is None:
                raise StudyError(
                    f"variant {variant.variant!r} needs trained VGG-19 weights; name a file with --trained FILE, "
                    "or leave such variants out with --untrained"
                )
            _, names, seeds = specs.setdefault(spec.digest, (spec, [], {}))
            seeds.update(dict.fromkeys(study.seeds_of(variant.variant, spec)))
            name = f"{variant.variant}@{optimizer.name}"
            if name not in names:
                names.append(name)
    cells = [
        (
            position,
            i,
            Cell(
                key=cell_key(spec, pair, seed, image_hashes, weights_hash),
                content=pair.content,
                style=pair.style,
                spec=spec,
                seed=seed,
                names=tuple(names),
            ),
        )
        for i, pair in enumerate(study.pairs)
        for spec, names, seeds in specs.values()
        for position, seed in enumerate(seeds)
    ]
    return [cell for _, _, cell in sorted(cells, key=lambda entry: entry[:2])]


def cell_key(spec: Spec, pair: Pair, seed: int, image_hashes: Mapping[str, str], weights_hash: str | None) -> str:
    """Return twenty hexadecimal digits: a hash of the spec's digest, the seed, and the hashes of all input files."""
    parts = (spec.digest, str(seed), image_hashes[pair.content], image_hashes[pair.style])
    weights = weights_hash if needs_trained_weights(spec) and weights_hash else ""
    return hashlib.sha256("|".join((*parts, weights)).encode()).hexdigest()[:20]


def needs_trained_weights(spec: Spec) -> bool:
    """Return whether a spec's network is made from trained weights."""
    return isinstance(spec.network, VGG) and spec.network.is_trained


def drop_trained_variants(study: Study) -> Study:
    """Return the study without variants that need trained weights. Raises StudyError if no variant remains."""
    figures = []
    for figure in study.figures:
        panels = tuple(panel for panel in figure.panels if not needs_trained_weights(panel.build_spec({})))
        if panels:
            figures.append(figure.model_copy(update={"panels": panels}))
    if not figures:
        raise StudyError(
            f"every variant of study {study.study!r} needs trained weights; name a file with --trained FILE"
        )
    return study.model_copy(update={"figures": tuple(figures)})
