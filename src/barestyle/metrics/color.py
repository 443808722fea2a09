"""How alike the colors of result and style are, wherever they lie in the picture."""

from __future__ import annotations

import torch
from kornia.color import rgb_to_lab
from torch import Tensor

from barestyle.metrics.metric import MetricInputs
from barestyle.metrics.sliced import sliced_wasserstein

MOST_PIXELS = 16_384
PROJECTIONS = 128
SEED = 20200302
"""Of the choice of pixels and directions; any number, but always the same one."""


def lab_wasserstein(judged: MetricInputs) -> float:
    """Sliced 2-Wasserstein distance between the colors of result and style, in units of CIE Lab (ΔE).

    At most 16384 pixels of each and 128 directions, seeded. Sliced, so that a shift of all
    colors by v measures about |v| / √3.
    """
    one, other = (_colors(image) for image in (judged.result, judged.style))
    return sliced_wasserstein(one, other, projections=PROJECTIONS, seed=SEED)


def _colors(image: Tensor) -> Tensor:
    """(1, 3, H, W) sRGB to (n, 3) in Lab."""
    pixels = rgb_to_lab(image)[0].flatten(1).T
    if len(pixels) > MOST_PIXELS:
        chosen = torch.randperm(len(pixels), generator=torch.Generator().manual_seed(SEED))[:MOST_PIXELS]
        pixels = pixels[chosen]
    colors: Tensor = pixels.contiguous()
    return colors
