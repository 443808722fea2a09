"""From a declaration to a store with its cells queued: everything is checked before the first cell is run."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from barestyle.atomic_files import write_atomically
from barestyle.errors import SpecError
from barestyle.images import encode, read, target_size
from barestyle.metrics import METRICS, missing_requirement, select
from barestyle.networks import vgg19 as pretrained
from barestyle.run.plan import check_large_enough
from barestyle.run.record import package_versions
from barestyle.study.cell import Cell, cells, is_trained
from barestyle.study.claims import STYLE
from barestyle.study.declaration import Study
from barestyle.study.image_files import PictureFile, checked
from barestyle.study.storage import OBJECTIVES
from barestyle.study.store import Store


@dataclass(frozen=True)
class Prepared:
    """A study whose pictures, weights and metrics are all at hand, and its cells.

    `left_out` says of the metrics that lack something here what it is.
    """

    study: Study
    pictures: dict[str, PictureFile]
    weights: Path | None
    weights_sha256: str | None
    metrics: tuple[str, ...]
    left_out: dict[str, str]
    cells: list[Cell]


def prepared(study: Study, *, weights: Path | None) -> Prepared:
    """Check everything that a study needs. Raises StudyError, SpecError, ImageError, WeightsError."""
    select(study.metrics)
    select(metric for claim in study.claims for metric in claim.metrics if metric != STYLE)
    names = dict.fromkeys(name for pair in study.pairs for name in (pair.content, pair.style))
    pictures = {name: checked(name) for name in names}
    _check_sizes(study, pictures)
    digest = _weights_digest(study, weights)
    metrics, left_out = _measurable(study, weights)
    return Prepared(study, pictures, weights, digest, metrics, left_out, cells(study, pictures, digest))


def _check_sizes(study: Study, pictures: dict[str, PictureFile]) -> None:
    """Refuse pictures that a network of the study could not work with, before all its cells fail."""
    networks = {
        spec.digest: spec for variant in study.variants() for spec in (study.spec(variant, study.optimizers[0]),)
    }
    for pair in study.pairs:
        content, style = (read(pictures[name].path) for name in (pair.content, pair.style))
        size = target_size(content.height, content.width, study.size)
        for spec in networks.values():
            check_large_enough(content, size, spec)
            check_large_enough(style, target_size(style.height, style.width, max(size)), spec)


def _measurable(study: Study, weights: Path | None) -> tuple[tuple[str, ...], dict[str, str]]:
    """The study's metrics, and why others are left out. Raises SpecError for one that was named and lacks something."""
    lacking = {metric.name: missing_requirement(metric, weights) for metric in select(study.metrics)}
    for name, why in lacking.items():
        if why and study.metrics is not None:
            raise SpecError(f"metric {name} of study {study.study!r} cannot be computed; {why}")
    present = [name for name, why in lacking.items() if not why]
    return tuple(dict.fromkeys([*present, *OBJECTIVES])), {name: why for name, why in lacking.items() if why}


def _weights_digest(study: Study, weights: Path | None) -> str | None:
    """The SHA-256 of the weights, after a look at every layer that a variant needs."""
    if weights is None:
        return None
    specs = [study.spec(variant, optimizer) for variant in study.variants() for optimizer in study.optimizers]
    deepest = max((spec.deepest_tap for spec in specs if is_trained(spec)), default=1)
    return pretrained.load(pretrained.find(str(weights)), deepest).sha256


def begin(ready: Prepared, store: Store, *, retry_failed: bool = False) -> int:
    """Declare the study in its store and queue the cells that it lacks; returns how many were queued.

    What an earlier declaration queued and this one does not have stays in the store, and is not run.
    """
    study = ready.study
    names = ready.metrics
    store.declare(
        study,
        cells=[cell.key for cell in ready.cells],
        pictures={name: {"path": str(file.path), "sha256": file.sha256} for name, file in ready.pictures.items()},
        weights=ready.weights_sha256,
        metrics={
            name: {"label": METRICS[name].label, "of": METRICS[name].reference, "better": METRICS[name].better}
            for name in names
        },
        favored={name: _favored(study, name) for name in names},
        machine={"system": f"{platform.system()} {platform.machine()}", **package_versions()},
    )
    for name, file in ready.pictures.items():
        _keep(store, name, file.path, study.size)
    return store.enqueue(ready.cells, retry_failed=retry_failed)


def _favored(study: Study, metric: str) -> list[str]:
    """The variants that a metric would grade by their own objective."""
    favors = METRICS[metric].favors
    return [v.variant for v in study.variants() if favors(study.spec(v, study.optimizers[0]))]


def _keep(store: Store, name: str, path: Path, size: int) -> None:
    """Store a picture at the study's size, for reports."""
    picture = read(path)
    small = picture.at(*target_size(picture.height, picture.width, size)).pixels
    with TemporaryDirectory() as folder:
        file = Path(folder) / "input.png"
        write_atomically(file, encode(small, None, ".png", bits=8))
        store.keep_input(name, file)
