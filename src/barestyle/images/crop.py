"""Crop and turn an image file without loss."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from barestyle.errors import ImageError
from barestyle.images.decode import decode_file
from barestyle.images.encode_samples import encode_png
from barestyle.images.samples import PixelArray, to_unit_range
from barestyle.limits import MAX_PIXELS


def crop_file(
    path: Path, *, turns: int, left: int, top: int, width: int, height: int, max_pixels: int = MAX_PIXELS
) -> bytes:
    """Return a part of an image file as the bytes of a PNG with the same samples.

    Orientation and color profile are applied as `read` does; 16 bits and transparency are kept. Floats become 16 bits.

    Args:
        path: the image file.
        turns: quarter turns clockwise, which come before the box.
        left, top, width, height: the box, in pixels of the turned image.
        max_pixels: limit of the file's pixels.

    Raises ImageError for what cannot be read as an image, and for a box that is empty or not inside the image.
    """
    file = decode_file(path, max_pixels)
    turned = np.rot90(_to_levels(file.samples, repr(str(path))), -turns)
    check_box(left, top, width, height, turned.shape[1], turned.shape[0])
    return encode_png(turned[top : top + height, left : left + width])


def check_box(left: int, top: int, width: int, height: int, image_width: int, image_height: int) -> None:
    """Raise ImageError if a box is empty or not inside an image, all in pixels."""
    is_inside = left >= 0 and top >= 0 and left + width <= image_width and top + height <= image_height
    if not is_inside or width < 1 or height < 1:
        raise ImageError(
            f"the part of {width} x {height} pixels at ({left}, {top}) must have at least one pixel and be inside the "
            f"picture of {image_width} x {image_height} pixels; select another part"
        )


def _to_levels(samples: PixelArray, name: str) -> PixelArray:
    """Return samples of 8 or 16 bits, the types of a PNG."""
    if samples.dtype in (np.uint8, np.uint16):
        return samples
    if samples.dtype == np.bool_:
        return samples.astype(np.uint8) * np.uint8(255)
    levels: PixelArray = np.rint(to_unit_range(samples, name).astype(np.float64) * 65535).astype(np.uint16)
    return levels
