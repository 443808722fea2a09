"""Small pictures for the screen: frames of a run, previews of the inputs, before and after."""

from __future__ import annotations

import numpy as np
from PIL import Image
from torch import Tensor

from barestyle.images import encode, resize, target_size
from barestyle.plots.data_uri import jpeg_data_uri

FRAME_SIDE = 640
"""Long side of a frame of a run, in pixels."""

FRAME_QUALITY = 80
"""JPEG quality of frames and of thumbnails."""

RESULT_SIDE = 1600
"""Long side of the pictures that compare before and after."""

INPUT_SIDE = 640
"""Long side of the preview of a chosen picture."""

THUMBNAIL_SIDE = 256
"""Long side of the thumbnail of a result."""


def make_live_frame(pixels: Tensor) -> str:
    """Return pixels (1, 3, H, W) in 0..1 as the data URI of a small JPEG."""
    return jpeg_data_uri(to_image(pixels, None, FRAME_SIDE), FRAME_QUALITY)


def to_image(pixels: Tensor, alpha: Tensor | None = None, side: int = RESULT_SIDE) -> Image.Image:
    """Return an image with a long side of at most `side`, composited over white."""
    small = shrink(pixels, side)
    if alpha is not None:
        opacity = shrink(alpha, side)
        small = small * opacity + (1 - opacity)
    levels = (small[0].clamp(0, 1) * 255).round().byte().permute(1, 2, 0).cpu()
    return Image.fromarray(np.ascontiguousarray(levels.numpy()))


def to_jpeg(pixels: Tensor, alpha: Tensor | None = None, side: int = RESULT_SIDE) -> bytes:
    """Return the bytes of a JPEG with a long side of at most `side`, composited over white."""
    return encode(shrink(pixels, side), None if alpha is None else shrink(alpha, side), ".jpg")


def shrink(planes: Tensor, side: int) -> Tensor:
    """Return planes (1, c, H, W) with a long side of at most `side` pixels."""
    height, width = planes.shape[-2:]
    if max(height, width) <= side:
        return planes
    return resize(planes, *target_size(height, width, side))
