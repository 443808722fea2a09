"""Read and write JPEG XL files."""

from __future__ import annotations

from collections.abc import Callable

import imagecodecs
import numpy as np

from barestyle.errors import ImageError
from barestyle.images.picture import PixelArray

EXTENSIONS = (".jxl",)

DISTANCE = 0.5
"""Distance from the original in just noticeable differences, at which files are about as large as WebP's."""

_SIGNATURES = (b"\xff\x0a", b"\x00\x00\x00\x0cJXL \x0d\x0a\x87\x0a")
"""The start of a bare codestream, and of a container (ISO/IEC 18181-2)."""


def is_jpeg_xl(data: bytes) -> bool:
    """Return whether the bytes of a file are those of JPEG XL."""
    return data.startswith(_SIGNATURES)


def decode(data: bytes, name: str, check: Callable[[int, int], None]) -> tuple[PixelArray, int, int]:
    """Return samples (H, W, 1 to 4), bits per channel (8 or 16), and the number of frames; the first one is decoded.

    The orientation is applied. Colors are read as sRGB. `check` is called with (width, height). Raises ImageError if
    the file is damaged.
    """
    try:
        frames = np.asarray(imagecodecs.jpegxl_decode(data))
    except MemoryError:
        raise ImageError(f"{name} does not fit into memory; reduce its size first") from None
    except (imagecodecs.JpegxlError, RuntimeError, ValueError) as error:
        raise ImageError(f"{name} is damaged or cut short ({error}); get the file again") from None
    count = 1
    if frames.ndim == 4:
        count, frames = len(frames), frames[0]
    samples = frames[..., None] if frames.ndim == 2 else frames
    check(samples.shape[1], samples.shape[0])
    return samples, 8 if samples.dtype == np.uint8 else 16, count


def encode(samples: PixelArray) -> bytes:
    """Return samples (H, W, 3 or 4), uint8 or uint16, as the bytes of a file."""
    return bytes(imagecodecs.jpegxl_encode(np.ascontiguousarray(samples), distance=DISTANCE))
