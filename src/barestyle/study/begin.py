"""From a declaration to a store with its cells queued: everything is checked before the first cell is run."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from barestyle.errors import WeightsError
from barestyle.images import encode, read, target_size, write_atomically
from barestyle.metrics import METRICS, chosen
from barestyle.metrics.features import JUDGE_DEPTH
from barestyle.networks import pretrained
from barestyle.records import package_versions
from barestyle.study.cells import Cell, cells, is_trained
from barestyle.study.claims import STYLE
from barestyle.study.declared import Study
from barestyle.study.pictures import PictureFile, checked
from barestyle.study.storage import OBJECTIVES
from barestyle.study.store import Store


@dataclass(frozen=True)
class Prepared:
    """A study whose pictures, weights and metrics are all at hand, and its cells."""

    study: Study
    pictures: dict[str, PictureFile]
    weights: Path | None
    weights_sha256: str | None
    metrics: tuple[str, ...]
    cells: list[Cell]


def prepared(study: Study, *, weights: Path | None) -> Prepared:
    """Check everything that a study needs. Raises StudyError, SpecError, ImageError, WeightsError."""
    chosen(study.metrics)
    chosen(metric for claim in study.claims for metric in claim.metrics if metric != STYLE)
    names = dict.fromkeys(name for pair in study.pairs for name in (pair.content, pair.style))
    pictures = {name: checked(name) for name in names}
    digest = _weights_digest(study, weights)
    metrics = [
        name for name in study.metrics or METRICS if METRICS[name].needs != "trained weights" or _can_judge(weights)
    ]
    metrics = list(dict.fromkeys([*metrics, *OBJECTIVES]))
    return Prepared(study, pictures, weights, digest, tuple(metrics), cells(study, pictures, digest))


def _weights_digest(study: Study, weights: Path | None) -> str | None:
    """The SHA-256 of the weights, after a look at every layer that a variant needs."""
    if weights is None:
        return None
    specs = [study.spec(variant, optimiser) for variant in study.variants() for optimiser in study.optimisers]
    deepest = max((spec.deepest_tap for spec in specs if is_trained(spec)), default=1)
    return pretrained.load(pretrained.find(str(weights)), deepest).sha256


def _can_judge(weights: Path | None) -> bool:
    """Whether the weights reach as deep as the trained metrics look; the variants need less."""
    try:
        return weights is not None and bool(pretrained.load(weights, JUDGE_DEPTH))
    except WeightsError:
        return False


def begin(ready: Prepared, store: Store, *, retry_failed: bool = False) -> int:
    """Declare the study in its store and queue the cells that it lacks; returns how many were queued."""
    study = ready.study
    names = ready.metrics
    store.declare(
        study,
        pictures={name: {"path": str(file.path), "sha256": file.sha256} for name, file in ready.pictures.items()},
        weights=ready.weights_sha256,
        metrics={
            name: {"label": METRICS[name].label, "of": METRICS[name].of, "better": METRICS[name].better}
            for name in names
        },
        favoured={name: _favoured(study, name) for name in names},
        machine={"system": f"{platform.system()} {platform.machine()}", **package_versions()},
    )
    for name, file in ready.pictures.items():
        _keep(store, name, file.path, study.size)
    return store.enqueue(ready.cells, retry_failed=retry_failed)


def _favoured(study: Study, metric: str) -> list[str]:
    """The variants that a metric would grade by their own objective."""
    favours = METRICS[metric].favours
    return [v.variant for v in study.variants() if favours(study.spec(v, study.optimisers[0]))]


def _keep(store: Store, name: str, path: Path, size: int) -> None:
    """Store a picture at the study's size, for reports."""
    picture = read(path)
    small = picture.at(*target_size(picture.height, picture.width, size)).pixels
    with TemporaryDirectory() as folder:
        file = Path(folder) / "input.png"
        write_atomically(file, encode(small, None, ".png", bits=8))
        store.keep_input(name, file)
