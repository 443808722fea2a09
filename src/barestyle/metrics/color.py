"""Similarity of the colors of result and style, wherever they are in the image."""

from __future__ import annotations

import torch
from kornia.color import rgb_to_lab
from torch import Tensor

from barestyle.metrics.metric import MetricInputs
from barestyle.metrics.sliced import sliced_wasserstein

MAX_PIXELS = 16_384
PROJECTIONS = 128
SEED = 20200302
"""Seed of the selection of pixels and directions; an arbitrary constant."""


def lab_wasserstein(inputs: MetricInputs) -> float:
    """Return the sliced 2-Wasserstein distance between the colors of result and style, in units of CIE Lab (ΔE).

    At most 16384 pixels of each and 128 directions, seeded. Sliced, so that a shift of all colors by v gives about
    |v| / √3.
    """
    result, style = (_lab_colors(image) for image in (inputs.result, inputs.style))
    return sliced_wasserstein(result, style, projections=PROJECTIONS, seed=SEED)


def _lab_colors(image: Tensor) -> Tensor:
    """Return up to MAX_PIXELS colors of (1, 3, H, W) sRGB as (n, 3) in Lab."""
    pixels = rgb_to_lab(image)[0].flatten(1).T
    if len(pixels) > MAX_PIXELS:
        selected = torch.randperm(len(pixels), generator=torch.Generator().manual_seed(SEED))[:MAX_PIXELS]
        pixels = pixels[selected]
    colors: Tensor = pixels.contiguous()
    return colors
