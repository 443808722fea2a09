"""Distance of texture statistics that no network has (Portilla & Simoncelli 2000, doi:10.1023/A:1026553619983)."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from barestyle.metrics.metric import MetricInputs
from barestyle.metrics.structure import luma

SIDE = 128
"""Both pictures' lightness is brought to this square, as the statistics' number depends on the size."""


def portilla_simoncelli(judged: MetricInputs) -> float:
    """Relative distance of Portilla-Simoncelli statistics of lightness, mean over their groups.

    Computed by plenoptic: 4 scales, 4 orientations, 7x7 correlations, at 128 x 128 pixels. A group is a kind of
    statistic (pixel moments, correlations of magnitudes, ...); its distance is ‖s - s_style‖ / ‖s_style‖.
    """
    import plenoptic

    model = plenoptic.models.PortillaSimoncelli((SIDE, SIDE)).double()
    with torch.no_grad():
        own, wanted = (model(_square(image)) for image in (judged.result, judged.style))
    own_groups, wanted_groups = model.convert_to_dict(own), model.convert_to_dict(wanted)
    distances = [
        float((own_groups[name] - values).nan_to_num().norm() / norm)
        for name, values in wanted_groups.items()
        if (norm := values.nan_to_num().norm()) > 0  # of a flat style some groups hold nothing to be relative to
    ]
    return sum(distances) / len(distances) if distances else math.nan


def _square(image: Tensor) -> Tensor:
    return F.interpolate(luma(image).double(), size=(SIDE, SIDE), mode="bilinear", antialias=True)
