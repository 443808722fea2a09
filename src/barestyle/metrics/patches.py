"""Similarity of the patches of result and style, without a network."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from kornia.geometry.transform import pyrdown
from torch import Tensor

from barestyle.metrics.metric import MetricInputs
from barestyle.metrics.sliced import sliced_wasserstein

SIDE = 7
LEVELS = 3
MAX_PATCHES = 4096
PROJECTIONS = 256
SEED = 20200301
"""Seed of the selection of patches and directions; an arbitrary constant."""


def patch_wasserstein(inputs: MetricInputs) -> float:
    """Return the sliced 2-Wasserstein distance between raw 7x7 RGB patches, the mean over three scales.

    Per sample of a patch, in units of the 0..1 range; 0 for the same set of patches. At most 4096 patches per scale
    and 256 directions, seeded.
    """
    result, style = inputs.result, inputs.style
    distances = []
    for level in range(LEVELS):
        if min(*result.shape[-2:], *style.shape[-2:]) < SIDE:
            break  # a small image has fewer scales
        points = extract_patches(result, SEED + level), extract_patches(style, SEED + level)
        distances.append(sliced_wasserstein(*points, projections=PROJECTIONS, seed=SEED))
        result, style = pyrdown(result), pyrdown(style)
    return sum(distances) / len(distances)


def extract_patches(image: Tensor, seed: int) -> Tensor:
    """Return up to MAX_PATCHES patches of (1, 3, H, W) at seeded random positions, (n, 147)."""
    windows = F.unfold(image, SIDE)[0].T
    if len(windows) <= MAX_PATCHES:
        return windows.contiguous()
    selected = torch.randperm(len(windows), generator=torch.Generator().manual_seed(seed))[:MAX_PATCHES]
    return windows[selected].contiguous()
