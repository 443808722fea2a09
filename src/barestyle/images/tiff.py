"""Read TIFF files with more than 8 bits per channel, and those that Pillow does not open."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import tifffile

from barestyle.errors import ImageError
from barestyle.images.high_bit_depth import (
    ORIENTATION,
    add_channel_axis,
    apply_orientation,
    convert_to_srgb,
    unpremultiply,
)
from barestyle.images.samples import PixelArray

_ICC_PROFILE = 34675
"""Tag of TIFF."""


def decode_tiff(data: bytes, name: str, check: Callable[[int, int], None]) -> tuple[PixelArray, int] | None:
    """Return samples and bits of the first page of a TIFF file, or None if the data is not TIFF.

    `check` is called with (width, height) before the page is decoded. Raises ImageError if the page is damaged, or not
    gray, RGB or CMYK.
    """
    try:
        with silence_tifffile(), tifffile.TiffFile(io.BytesIO(data)) as file:
            page = file.pages.first
            check(page.imagewidth, page.imagelength)
            samples = _read_samples(page, name)
            cmyk = page.photometric == tifffile.PHOTOMETRIC.SEPARATED
            profile = page.tags.get(_ICC_PROFILE)
            orientation = page.tags.get(ORIENTATION)
    except ImageError:
        raise
    except tifffile.TiffFileError:
        return None
    except Exception as error:  # noqa: BLE001  # decoders raise all kinds of errors for damaged files
        reason = f"{type(error).__name__}: {error}"
        raise ImageError(f"{name} is damaged or an unknown kind of TIFF ({reason}); save it again") from None
    color = convert_to_srgb(samples, profile.value if profile else None, name, cmyk=cmyk)
    return apply_orientation(color, int(orientation.value) if orientation else 1), 16


_COLORS = (
    tifffile.PHOTOMETRIC.MINISWHITE,
    tifffile.PHOTOMETRIC.MINISBLACK,
    tifffile.PHOTOMETRIC.RGB,
    tifffile.PHOTOMETRIC.SEPARATED,
)


def _read_samples(page: Any, name: str) -> PixelArray:
    """Return samples (H, W, channels) in the full range of their type, with straight alpha. Raises ImageError."""
    if page.photometric not in _COLORS:
        kind = getattr(page.photometric, "name", page.photometric)
        raise ImageError(
            f"{name} is a TIFF with {kind} colors; gray, RGB and CMYK can be read, so save it as one of them"
        )
    samples = add_channel_axis(np.asarray(page.asarray()))
    if samples.ndim != 3 or not samples.size:
        raise ImageError(f"{name} must be a TIFF of height x width x channels, not {samples.shape}")
    if page.planarconfig == 2 and samples.shape[0] in (1, 2, 3, 4):
        samples = samples.transpose(1, 2, 0)
    if (
        samples.dtype == np.uint16 and page.bitspersample < 16
    ):  # 10 to 14 bits of cameras and scanners, in the lower bits
        samples = np.rint(samples * (65535 / (2**page.bitspersample - 1))).astype(np.uint16)
    if page.photometric == tifffile.PHOTOMETRIC.MINISWHITE:
        white = 1 if samples.dtype.kind == "f" else np.iinfo(samples.dtype).max
        samples = np.concatenate([white - samples[..., :1], samples[..., 1:]], axis=2)
    return unpremultiply(samples) if tifffile.EXTRASAMPLE.ASSOCALPHA in page.extrasamples else samples


@contextmanager
def silence_tifffile() -> Iterator[None]:
    """Suppress what tifffile logs about a damaged file, in addition to the error that it raises."""
    logger = logging.getLogger("tifffile")
    before = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = before
