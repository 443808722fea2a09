"""Compute the metrics of a result."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from barestyle.errors import ImageError
from barestyle.images import Source, read, target_size
from barestyle.limits import MAX_PIXELS
from barestyle.metrics.metric import Metric, MetricInputs
from barestyle.metrics.registry import check_requirements, missing_requirement, select
from barestyle.networks import SMALLEST_SIDE
from barestyle.networks.vgg19 import find_default_weights


@dataclass(frozen=True)
class Score:
    """The values of metrics.

    Attributes:
        values: by the metric's name.
        left_out: for each metric that could not be computed, the reason and the remedy.
    """

    values: dict[str, float]
    left_out: dict[str, str]


def score(
    result: Source,
    content: Source,
    style: Source,
    *,
    metrics: Iterable[str] | None = None,
    weights: Path | None = None,
    max_pixels: int = MAX_PIXELS,
) -> Score:
    """Compute metrics of a result and the images it was made from.

    Args:
        result, content, style: paths, PIL images, arrays or tensors, as for `transfer`. The content is resized to
            the result's size, the style to its long side, as `transfer` uses them.
        metrics: names from METRICS; by default all that can be computed here, and the score says what the others need.
        weights: trained VGG-19, for the metrics that need it; $BARESTYLE_VGG19 by default.
        max_pixels: the largest number of pixels of an image.

    Raises SpecError for an unknown metric or a named one that cannot be computed, ImageError for an image that cannot
    be read or is smaller than 16 pixels, WeightsError for a bad weights file.
    """
    selected = select(metrics)
    if weights is None and (default := find_default_weights()) is not None:
        weights = Path(default)
    if metrics is not None:
        check_requirements(selected, weights)
    images = [read(source, max_pixels=max_pixels) for source in (result, content, style)]
    for image in images:
        if min(image.height, image.width) < SMALLEST_SIDE:
            raise ImageError(
                f"{image.name} has {image.width} x {image.height} pixels; metrics need at least "
                f"{SMALLEST_SIDE} per side, so give a larger image"
            )
    result_image, content_image, style_image = images
    size = (result_image.height, result_image.width)
    inputs = MetricInputs(
        result_image.pixels,
        content_image.resize(*size).pixels,
        style_image.resize(*target_size(style_image.height, style_image.width, max(size))).pixels,
        weights,
    )
    return compute(inputs, selected)


def compute(inputs: MetricInputs, metrics: Iterable[Metric]) -> Score:
    """Compute metrics; one that needs something missing, or is not finite, is left out with its reason."""
    values, left_out = {}, {}
    for metric in metrics:
        if missing := missing_requirement(metric, inputs.weights):
            left_out[metric.name] = missing
            continue
        value = metric.compute(inputs)
        if math.isfinite(value):
            values[metric.name] = value
        else:
            left_out[metric.name] = f"its value is {value} for these images"
    return Score(values, left_out)
