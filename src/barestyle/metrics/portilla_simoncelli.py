"""Distance of texture statistics without a network (Portilla & Simoncelli 2000, doi:10.1023/A:1026553619983)."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from barestyle.metrics.metric import MetricInputs
from barestyle.metrics.structure import luma

SIDE = 128
"""Side of the square that both images are resized to, as the number of statistics depends on the size."""


def portilla_simoncelli(inputs: MetricInputs) -> float:
    """Return the relative distance of Portilla-Simoncelli statistics of lightness, the mean over their groups.

    Computed by plenoptic: 4 scales, 4 orientations, 7x7 correlations, at 128 x 128 pixels. A group is a kind of
    statistic (pixel moments, correlations of magnitudes, ...); its distance is ‖s - s_style‖ / ‖s_style‖.
    """
    import plenoptic

    model = plenoptic.models.PortillaSimoncelli((SIDE, SIDE)).double()
    with torch.no_grad():
        result, style = (model(_resize_luma(image)) for image in (inputs.result, inputs.style))
    result_groups, style_groups = model.convert_to_dict(result), model.convert_to_dict(style)
    distances = [
        float((result_groups[name] - values).nan_to_num().norm() / norm)
        for name, values in style_groups.items()
        if (norm := values.nan_to_num().norm()) > 0  # some groups of a flat style are zero, and no distance is relative
    ]
    return sum(distances) / len(distances) if distances else math.nan


def _resize_luma(image: Tensor) -> Tensor:
    """Return the luma of (1, 3, H, W) as (1, 1, SIDE, SIDE), float64."""
    return F.interpolate(luma(image).double(), size=(SIDE, SIDE), mode="bilinear", antialias=True)
