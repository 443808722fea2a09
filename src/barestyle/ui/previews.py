"""Pictures for the screen: small and quick to send; what is kept is another matter."""

from __future__ import annotations

import numpy as np
from PIL import Image
from torch import Tensor

from barestyle.images import encode, resized, target_size
from barestyle.plots.data_uri import jpeg_data_uri

LIVE_SIDE = 640
"""Long side of the pictures that form, in pixels."""

LIVE_QUALITY = 80
VIEW_SIDE = 1600
"""Long side of what a finished picture is looked at with."""

SLOT_SIDE = 640
"""Long side of a chosen picture beside the settings."""


def live(pixels: Tensor) -> str:
    """A picture (1, 3, H, W) in 0..1 as a data URL of a small JPEG."""
    return jpeg_data_uri(_image(shrunk(pixels, LIVE_SIDE)), LIVE_QUALITY)


def view(pixels: Tensor, alpha: Tensor | None = None, side: int = VIEW_SIDE) -> bytes:
    """The bytes of a JPEG to look at, transparency laid over white."""
    return encode(shrunk(pixels, side), None if alpha is None else shrunk(alpha, side), ".jpg")


def shrunk(planes: Tensor, side: int) -> Tensor:
    """Planes (1, c, H, W) with a long side of at most so many pixels."""
    height, width = planes.shape[-2:]
    if max(height, width) <= side:
        return planes
    return resized(planes, *target_size(height, width, side))


def _image(pixels: Tensor) -> Image.Image:
    levels = (pixels[0].clamp(0, 1) * 255).round().byte().permute(1, 2, 0).cpu()
    return Image.fromarray(np.ascontiguousarray(levels.numpy()))
