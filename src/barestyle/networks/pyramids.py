"""Image pyramids (Burt & Adelson 1983, doi:10.1109/TCOM.1983.1095851), for images of any size."""

from __future__ import annotations

from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor

KERNEL_REACH = 2
"""Pixels; the 5x5 Gaussian is padded by reflection, so a level must be larger than this to be reduced."""


def build_gaussian_pyramid(image: Tensor, levels: int) -> list[Tensor]:
    """Return the image (1, c, H, W) and its reductions; level i, from 0, is (1, c, H // 2^i, W // 2^i)."""
    from kornia.geometry.transform import pyrdown  # imported here, as kornia loads slowly

    result = [image]
    for _ in range(levels - 1):
        result.append(pyrdown(result[-1]))
    return result


def build_laplacian_pyramid(image: Tensor, levels: int) -> list[Tensor]:
    """Return the difference of each Gaussian level and the upsampled next one; the last level is Gaussian.

    Levels are upsampled to the exact size of their neighbor, so that odd sizes need no padding (kornia pads to powers
    of two). Adding the levels up from the last, upsampled at each step, restores the image.
    """
    steps = build_gaussian_pyramid(image, levels)
    return [fine - upsample(coarse, fine) for fine, coarse in pairwise(steps)] + steps[-1:]


def upsample(coarse: Tensor, like: Tensor) -> Tensor:
    """Upsample a level bilinearly to the height and width of `like`, (1, c, H, W)."""
    return F.interpolate(coarse, size=like.shape[-2:], mode="bilinear", align_corners=False)
