"""Samples of images as arrays. PyTorch is not imported."""

from __future__ import annotations

from typing import Any

import numpy as np

from barestyle.errors import ImageError

PixelArray = np.ndarray[Any, Any]
"""Samples (H, W, channels) of any type."""


def separate_alpha(samples: PixelArray, name: str) -> tuple[PixelArray, PixelArray | None]:
    """Return color (H, W, 3), over white where the image is transparent, and alpha (H, W, 1), or None if it is opaque.

    `samples` are (H, W, channels): 1 gray, 2 gray and alpha, 3 RGB, 4 RGB and alpha. The results are float32 in 0..1.
    Raises ImageError for another shape, and what `to_unit_range` raises.
    """
    if samples.ndim != 3 or samples.shape[2] not in (1, 2, 3, 4) or samples.size == 0:
        raise ImageError(
            f"{name} must have the shape (height, width) or (height, width, 1 to 4 channels), and at least one pixel, "
            f"not {samples.shape}"
        )
    values = to_unit_range(samples, name)
    color, alpha = (values[..., :-1], values[..., -1:]) if values.shape[2] in (2, 4) else (values, None)
    color = np.broadcast_to(color, (*color.shape[:2], 3))
    if alpha is None:
        return color, None
    return color * alpha + (1 - alpha), None if bool((alpha == 1).all()) else alpha


def to_unit_range(samples: PixelArray, name: str) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return samples as float32 in 0..1. Raises ImageError for a type or range that no image has."""
    if samples.dtype == np.uint8:
        return samples.astype(np.float32) / np.float32(255)
    if samples.dtype == np.uint16:
        return samples.astype(np.float32) / np.float32(65535)
    if samples.dtype == np.bool_:
        return samples.astype(np.float32)
    if not np.issubdtype(samples.dtype, np.floating):
        raise ImageError(f"{name} must have samples of uint8, uint16, or floats in 0..1, not {samples.dtype}")
    low, high = float(samples.min()), float(samples.max())
    if not (low >= 0 and high <= 1):
        raise ImageError(f"{name} must have floats in 0..1, not from {low:.9g} to {high:.9g}; scale them first")
    return samples.astype(np.float32)


def to_levels(values: PixelArray, bits: int) -> PixelArray:
    """Return floats in 0..1 as samples of 8 or 16 bits, rounded to the nearest level."""
    levels: PixelArray = np.rint(values.astype(np.float64).clip(0, 1) * (2**bits - 1))
    return levels.astype(np.uint16 if bits == 16 else np.uint8)
