"""From a declaration to cells that can be run; everything is checked before the first one runs."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path

from barestyle.errors import SpecError
from barestyle.images import encode, read, target_size
from barestyle.metrics import METRICS, missing_requirement, select
from barestyle.networks import vgg19
from barestyle.run.plan import check_large_enough
from barestyle.run.record import package_versions
from barestyle.study.cell import Cell
from barestyle.study.claims import STYLE
from barestyle.study.declaration import Study
from barestyle.study.expansion import expand, needs_trained_weights
from barestyle.study.image_files import ImageFile, check_image
from barestyle.study.store import Store


@dataclass(frozen=True)
class ResolvedStudy:
    """A study whose images, weights and metrics are available on this machine.

    Attributes:
        study: the declaration.
        images: by their names in the study.
        weights: file of trained weights, or None.
        weights_sha256: its hash.
        metrics: names of the metrics to compute.
        left_out: why each other metric cannot be computed here.
        cells: every cell once.
    """

    study: Study
    images: dict[str, ImageFile]
    weights: Path | None
    weights_sha256: str | None
    metrics: tuple[str, ...]
    left_out: dict[str, str]
    cells: list[Cell]


def resolve_study(study: Study, *, weights: Path | None) -> ResolvedStudy:
    """Check everything that a study needs. Raises StudyError, SpecError, ImageError or WeightsError."""
    select(study.metrics)
    select(metric for claim in study.claims for metric in claim.metrics if metric != STYLE)
    names = dict.fromkeys(name for pair in study.pairs for name in (pair.content, pair.style))
    images = {name: check_image(name, study.folder) for name in names}
    _check_sizes(study, images)
    weights_hash = _hash_weights(study, weights)
    metrics, left_out = _select_metrics(study, weights)
    cells = expand(study, {name: image.sha256 for name, image in images.items()}, weights_hash)
    return ResolvedStudy(study, images, weights, weights_hash, metrics, left_out, cells)


def _check_sizes(study: Study, images: dict[str, ImageFile]) -> None:
    """Raise ImageError if an image is too small for a network of the study, before all of its cells fail."""
    specs = [study.build_spec(variant, study.optimizers[0]) for variant in study.variants]
    distinct = {spec.digest: spec for spec in specs}
    for pair in study.pairs:
        content, style = (read(images[name].path) for name in (pair.content, pair.style))
        size = target_size(content.height, content.width, study.size)
        for spec in distinct.values():
            check_large_enough(content, size, spec)
            check_large_enough(style, target_size(style.height, style.width, max(size)), spec)


def _select_metrics(study: Study, weights: Path | None) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return the metrics that can be computed here, and why the others cannot.

    Raises SpecError if the study names a metric that cannot be computed.
    """
    missing = {metric.name: missing_requirement(metric, weights) for metric in select(study.metrics)}
    for name, reason in missing.items():
        if reason and study.metrics is not None:
            raise SpecError(f"metric {name} of study {study.study!r} cannot be computed; {reason}")
    available = [name for name, reason in missing.items() if not reason]
    return tuple(available), {name: why for name, why in missing.items() if why}


def _hash_weights(study: Study, weights: Path | None) -> str | None:
    """Return the SHA-256 of the weights' file, after reading every layer that a variant needs."""
    if weights is None:
        return None
    specs = [study.build_spec(variant, optimizer) for variant in study.variants for optimizer in study.optimizers]
    deepest = max((spec.deepest_layer for spec in specs if needs_trained_weights(spec)), default=1)
    return vgg19.load_layers(vgg19.find_weights(str(weights)), deepest).sha256


def declare(resolved: ResolvedStudy, store: Store) -> None:
    """Declare a study in its store, with its images at the study's size, and with the looks of an earlier declaration.

    Raises StudyError; see `Store.declare`.
    """
    study = resolved.study
    earlier = store.declaration.get("study", {}).get("looks", ())
    if earlier and not study.looks and earlier[-1] <= len(study.pairs):
        # The data have been looked at: a later declaration cannot undo it.
        study = study.model_copy(update={"looks": tuple(earlier)})
    store.declare(
        study,
        images={name: image.sha256 for name, image in resolved.images.items()},
        weights=resolved.weights_sha256,
        metrics={
            name: {"label": METRICS[name].label, "reference": METRICS[name].reference, "scale": METRICS[name].scale}
            for name in resolved.metrics
        },
        favored={name: _list_favored(study, name) for name in resolved.metrics},
        machine={"system": f"{platform.system()} {platform.machine()}", **package_versions()},
    )
    for name, image in resolved.images.items():
        if store.read_input(name) is None:
            picture = read(image.path)
            pixels = picture.resize(*target_size(picture.height, picture.width, study.size)).pixels
            store.write_input(name, encode(pixels, None, ".png", bits=8))


def _list_favored(study: Study, metric: str) -> list[str]:
    """Return the variants whose own objective the metric is close to."""
    favors = METRICS[metric].favors
    return [v.variant for v in study.variants if favors(study.build_spec(v, study.optimizers[0]))]
