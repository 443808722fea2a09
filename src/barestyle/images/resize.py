"""Resize images."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def target_size(height: int, width: int, long_side: int) -> tuple[int, int]:
    """Return height and width with the given long side and the same aspect ratio, to the nearest pixel, at least 1."""
    factor = long_side / max(height, width)
    return max(1, round(height * factor)), max(1, round(width * factor))


def resize(pixels: Tensor, height: int, width: int) -> Tensor:
    """Return (1, c, h, w) in 0..1 at another size: bicubic, antialiased when reducing, clipped to 0..1."""
    if pixels.shape[-2:] == (height, width):
        return pixels
    # On the CPU: CUDA refuses to reduce a large image to a small one ("too much shared memory required").
    on_cpu = F.interpolate(pixels.cpu(), (height, width), mode="bicubic", antialias=True, align_corners=False)
    return on_cpu.clamp(0, 1).to(pixels.device)
