"""The table of metrics, and the scores of one result."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from barestyle.errors import ImageError, SpecError
from barestyle.images import Source, read, target_size
from barestyle.metrics import color as color
from barestyle.metrics import gram_distance as features
from barestyle.metrics import patches, structure
from barestyle.metrics import portilla_simoncelli as portilla
from barestyle.metrics.metric import Metric, MetricInputs
from barestyle.networks import SMALLEST_SIDE
from barestyle.networks import vgg19 as pretrained
from barestyle.networks.vgg19 import VARIABLE, default_weights
from barestyle.spec import MAX_PIXELS

_ALL = (
    Metric("ssim", "structural similarity of lightness", "content", "higher", structure.ssim),
    Metric("ms-ssim", "multi-scale structural similarity of lightness", "content", "higher", structure.ms_ssim),
    Metric("patches", "sliced Wasserstein distance of raw 7x7 patches", "style", "lower", patches.patch_wasserstein),
    Metric("colors", "sliced Wasserstein distance of colors in Lab", "style", "lower", color.lab_wasserstein),
    Metric("held-out", "relative Gram distance under held-out random networks", "style", "lower", features.held_out),
    Metric(
        "portilla",
        "relative distance of Portilla-Simoncelli statistics",
        "style",
        "lower",
        portilla.portilla_simoncelli,
        needs="plenoptic",
    ),
    Metric(
        "vgg",
        "relative Gram distance under trained VGG-19, conv1_1 to conv3_4",
        "style",
        "lower",
        features.trained,
        needs="trained weights",
        favors=features.optimizes_trained_gram,
    ),
    Metric(
        "vgg-unseen",
        "the same at conv3_2 to conv3_4, which no method optimizes",
        "style",
        "lower",
        features.trained_unseen,
        needs="trained weights",
    ),
)

METRICS: dict[str, Metric] = {metric.name: metric for metric in _ALL}

_REMEDIES = {
    "trained weights": f"name a file with --trained FILE or ${VARIABLE}",
    "plenoptic": "pip install 'barestyle[metrics]'",
}


@dataclass(frozen=True)
class Score:
    """Numbers by metric, and for each metric that was left out, what it lacked and how to get it."""

    values: dict[str, float]
    left_out: dict[str, str]


def chosen(names: Iterable[str] | None) -> list[Metric]:
    """Metrics by name, all of them for None. Raises SpecError with the names there are."""
    picked = []
    for name in METRICS if names is None else names:
        if name not in METRICS:
            raise SpecError(f"there is no metric {name!r}; the metrics are {', '.join(METRICS)}")
        picked.append(METRICS[name])
    return picked


def score(
    result: Source,
    content: Source,
    style: Source,
    *,
    metrics: Iterable[str] | None = None,
    weights: Path | None = None,
    max_pixels: int = MAX_PIXELS,
) -> Score:
    """Measure a result against the pictures it came from.

    Args:
        result, content, style: paths, PIL images, arrays or tensors, as for `transfer`; content is resized to
            the result's size, style to its long side, as `transfer` uses them.
        metrics: names from METRICS; by default all that lack nothing here, and the score says what the others lack.
        weights: trained VGG-19, for the metrics that need it; $BARESTYLE_VGG19 by default.

    Raises SpecError for an unknown metric or a named one that lacks something, ImageError for what is no picture
    or smaller than 16 pixels, WeightsError for a bad weights file.
    """
    wanted = chosen(metrics)
    weights = weights or (None if (named := default_weights()) is None else Path(named))
    if metrics is not None:
        for metric in wanted:
            if lacking := missing_requirement(metric, weights):
                raise SpecError(f"metric {metric.name} cannot be measured; {lacking}")
    pictures = [read(source, max_pixels=max_pixels) for source in (result, content, style)]
    for picture in pictures:
        if min(picture.height, picture.width) < SMALLEST_SIDE:
            raise ImageError(
                f"{picture.name} has {picture.width} x {picture.height} pixels; metrics need at least "
                f"{SMALLEST_SIDE} a side, so give a larger picture"
            )
    painted, photograph, painting = pictures
    size = (painted.height, painted.width)
    judged = MetricInputs(
        painted.pixels,
        photograph.at(*size).pixels,
        painting.at(*target_size(painting.height, painting.width, max(size))).pixels,
        weights,
    )
    return measured(judged, wanted)


def measured(judged: MetricInputs, metrics: Iterable[Metric]) -> Score:
    """The metrics' numbers; one that lacks something, or gives no finite number, is left out with its reason."""
    values, left_out = {}, {}
    for metric in metrics:
        if lacking := missing_requirement(metric, judged.weights):
            left_out[metric.name] = lacking
            continue
        value = metric.measure(judged)
        if math.isfinite(value):
            values[metric.name] = value
        else:
            left_out[metric.name] = f"it gives {value} on these pictures"
    return Score(values, left_out)


def missing_requirement(metric: Metric, weights: Path | None) -> str:
    """What a metric needs and does not have here, and how to get it; empty where it lacks nothing.

    `weights` is a file of trained VGG-19, or None. Raises WeightsError for one that is none.
    """
    missing = {
        "trained weights": metric.needs == "trained weights" and weights is None,
        "plenoptic": metric.needs == "plenoptic" and find_spec("plenoptic") is None,
    }
    if missing.get(metric.needs, False):
        return f"it needs {metric.needs}: {_REMEDIES[metric.needs]}"
    if metric.needs == "trained weights" and weights is not None:
        depth = pretrained.depth(weights)
        if depth < features.JUDGE_DEPTH:
            return (
                f"it needs {features.JUDGE_DEPTH} layers of trained VGG-19 and {str(weights)!r} has {depth}: "
                f"barestyle weights fetch --layers {features.JUDGE_DEPTH}, or name another with --trained FILE"
            )
    return ""
