"""How alike patches of result and style are, with no network at all."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from kornia.geometry.transform import pyrdown
from torch import Tensor

from barestyle.metrics.metric import MetricInputs
from barestyle.metrics.sliced import sliced_wasserstein

SIDE = 7
LEVELS = 3
MOST_PATCHES = 4096
PROJECTIONS = 256
SEED = 20200301
"""Of the choice of patches and directions; any number, but always the same one."""


def patch_wasserstein(judged: MetricInputs) -> float:
    """Sliced 2-Wasserstein distance between raw 7x7 RGB patches of result and style, mean over three scales.

    Per sample of a patch, in units of the 0..1 range; 0 for the same set of patches. At most 4096 patches a
    scale and 256 directions, seeded.
    """
    one, other = judged.result, judged.style
    distances = []
    for level in range(LEVELS):
        if min(*one.shape[-2:], *other.shape[-2:]) < SIDE:
            break  # a small picture has fewer scales
        points = patches(one, SEED + level), patches(other, SEED + level)
        distances.append(sliced_wasserstein(*points, projections=PROJECTIONS, seed=SEED))
        one, other = pyrdown(one), pyrdown(other)
    return sum(distances) / len(distances)


def patches(image: Tensor, seed: int) -> Tensor:
    """Up to 4096 patches of (1, 3, H, W) at seeded places, (n, 147)."""
    windows = F.unfold(image, SIDE)[0].T
    if len(windows) <= MOST_PATCHES:
        return windows.contiguous()
    chosen = torch.randperm(len(windows), generator=torch.Generator().manual_seed(seed))[:MOST_PATCHES]
    return windows[chosen].contiguous()
