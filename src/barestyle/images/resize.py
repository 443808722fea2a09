"""Sizes of pictures."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def target_size(height: int, width: int, long_side: int) -> tuple[int, int]:
    """Height and width with the given long side and the same proportions, to the nearest pixel, at least 1."""
    factor = long_side / max(height, width)
    return max(1, round(height * factor)), max(1, round(width * factor))


def resized(pixels: Tensor, height: int, width: int) -> Tensor:
    """Planes (1, c, h, w) in 0..1 at another size: bicubic, antialiased when shrinking, kept in 0..1."""
    if pixels.shape[-2:] == (height, width):
        return pixels
    return F.interpolate(pixels, (height, width), mode="bicubic", antialias=True, align_corners=False).clamp(0, 1)
