"""Read and write JPEG XL files."""

from __future__ import annotations

from collections.abc import Callable

import imagecodecs
import numpy as np

from barestyle.errors import ImageError
from barestyle.images.samples import PixelArray

EXTENSIONS = (".jxl",)

DISTANCE = 0.5
"""Distance from the original in just noticeable differences, at which files are about as large as WebP's."""

_SIGNATURES = (b"\xff\x0a", b"\x00\x00\x00\x0cJXL \x0d\x0a\x87\x0a")
"""The start of a bare codestream, and of a container (ISO/IEC 18181-2)."""


def is_jpeg_xl(data: bytes) -> bool:
    """Return whether the bytes of a file are those of JPEG XL."""
    return data.startswith(_SIGNATURES)


def decode(data: bytes, name: str, check: Callable[[int, int], None]) -> tuple[PixelArray, int, int]:
    """Return samples (H, W, 1 to 4), bits per channel (8 or 16), and the number of frames; the first one is returned.

    The orientation is applied. Colors are read as sRGB. `check` is called with (width, height) before the image is
    decoded. Raises ImageError if the file is damaged.
    """
    try:
        check(*read_size(data))
        frames = np.asarray(imagecodecs.jpegxl_decode(data))
    except MemoryError:
        raise ImageError(f"{name} does not fit into memory; reduce its size first") from None
    except (imagecodecs.JpegxlError, RuntimeError, ValueError) as error:
        raise ImageError(f"{name} is damaged or cut short ({error}); get the file again") from None
    count = 1
    if frames.ndim == 4:
        count, frames = len(frames), frames[0]
    samples = frames[..., None] if frames.ndim == 2 else frames
    if samples.dtype.kind == "f":
        samples = samples.clip(0, 1)  # lossy compression may exceed the range
    return samples, 8 if samples.dtype == np.uint8 else 16, count


def read_size(data: bytes) -> tuple[int, int]:
    """Return width and height from the header of a file, before the orientation. Raises ValueError if it is damaged.

    ISO/IEC 18181-1, section D.2: bits are read from the lowest of each byte.
    """
    bits = int.from_bytes(_find_codestream(data)[2:16], "little")

    def take(count: int) -> int:
        nonlocal bits
        value = bits & ((1 << count) - 1)
        bits >>= count
        return value

    is_small = take(1)

    def take_side() -> int:
        return 8 * (take(5) + 1) if is_small else take(_SIDE_BITS[take(2)]) + 1

    height, ratio = take_side(), take(3)
    if ratio == 0:
        return take_side(), height
    numerator, denominator = _RATIOS[ratio - 1]
    return height * numerator // denominator, height


_SIDE_BITS = (9, 13, 18, 30)
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))


def _find_codestream(data: bytes) -> bytes:
    """Return the start of the codestream of a file. Raises ValueError if there is none."""
    if data.startswith(_SIGNATURES[0]):
        return data[:16]
    position = 0
    while position + 8 <= len(data):  # boxes: length, kind, and a longer length if that is 1
        length, kind = int.from_bytes(data[position : position + 4], "big"), data[position + 4 : position + 8]
        start = position + 8
        if length == 1:
            length, start = int.from_bytes(data[start : start + 8], "big"), start + 8
        if kind in (b"jxlc", b"jxlp"):
            start += 4 * (kind == b"jxlp")  # the number of the part
            return data[start : start + 16]
        if length < 8:
            break
        position += length
    raise ValueError("it has no codestream")


def encode(samples: PixelArray) -> bytes:
    """Return samples (H, W, 3 or 4), uint8 or uint16, as the bytes of a file."""
    return bytes(imagecodecs.jpegxl_encode(np.ascontiguousarray(samples), distance=DISTANCE))
