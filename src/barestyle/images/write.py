"""Encode images as files."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from torch import Tensor

from barestyle.images.encode_samples import OPAQUE_EXTENSIONS, choose_bits, encode_samples
from barestyle.images.samples import PixelArray

SLAB = 256
"""Rows that are converted at the same time."""


def encode(
    pixels: Tensor, alpha: Tensor | None, extension: str, *, bits: Literal[8, 16] = 8, record: str | None = None
) -> bytes:
    """Return an image as the bytes of a file.

    Args:
        pixels: (1, 3, H, W) in 0..1, sRGB.
        alpha: (1, 1, H, W) in 0..1, or None. JPEG has no alpha, so the image is composited over white.
        extension: one of images.output.EXTENSIONS; it selects the format.
        bits: 8 or 16 per channel; JPEG, WebP and AVIF always have 8.
        record: JSON text to store inside a PNG.
    """
    if alpha is not None and extension.lower() in OPAQUE_EXTENSIONS:
        pixels, alpha = pixels * alpha + (1 - alpha), None
    return encode_samples(to_samples(pixels, alpha, choose_bits(extension, bits)), extension, record)


def to_samples(pixels: Tensor, alpha: Tensor | None, bits: int) -> PixelArray:
    """Return samples (H, W, 3 or 4) of 8 or 16 bits, rounded to the nearest level, of pixels and alpha in 0..1."""
    parts = [pixels] if alpha is None else [pixels, alpha]
    height, width = pixels.shape[-2:]
    levels = np.empty((height, width, sum(part.shape[1] for part in parts)), np.uint16 if bits == 16 else np.uint8)
    for top in range(0, height, SLAB):  # float64 of a whole large image would be much memory
        rows = torch.cat([part[0, :, top : top + SLAB] for part in parts]).permute(1, 2, 0).cpu().double()
        levels[top : top + SLAB] = (rows.clamp(0, 1) * (2**bits - 1)).round().numpy()
    return levels
