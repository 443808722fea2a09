"""Read PNG and TIFF images with more than 8 bits per channel, which Pillow would reduce to 8."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import imagecodecs
import numpy as np
import tifffile
from PIL import Image

from barestyle.errors import ImageError
from barestyle.images import icc
from barestyle.images.picture import PixelArray

_ORIENTATION = 274
"""Tag of EXIF and TIFF."""

_ICC_PROFILE = 34675
"""Tag of TIFF."""

_BITS_PER_SAMPLE = 258
"""Tag of TIFF."""


def decode(image: Image.Image, data: bytes, name: str) -> tuple[PixelArray, int] | None:
    """Return samples (H, W, 1 to 4) and bits of a PNG or TIFF with more than 8 bits that Pillow opened, else None."""
    if image.format == "PNG" and str(getattr(image, "tile", ((None,) * 4,))[0][3]).endswith("16B"):
        try:
            samples = imagecodecs.png_decode(data)
        except imagecodecs.PngError as error:
            raise ImageError(f"{name} is damaged or cut short ({error}); get the file again") from None
        color = convert_to_srgb(_add_channel_axis(samples), image.info.get("icc_profile"), name)
        return apply_orientation(color, image.getexif().get(_ORIENTATION, 1)), 16
    if image.format == "TIFF" and max(image.tag_v2.get(_BITS_PER_SAMPLE, (8,))) > 8:  # type: ignore[attr-defined]
        return decode_tiff(data, name, lambda _width, _height: None)
    return None


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
            orientation = page.tags.get(_ORIENTATION)
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
    samples = _add_channel_axis(np.asarray(page.asarray()))
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


def unpremultiply(samples: PixelArray) -> PixelArray:
    """Return colors divided by alpha, the last channel, as TIFF may store their product (TIFF 6.0, section 18)."""
    full = np.iinfo(samples.dtype).max if samples.dtype.kind == "u" else 1
    alpha = samples[..., -1:].astype(np.float64) / full
    color = np.divide(samples[..., :-1], alpha, out=np.zeros(samples[..., :-1].shape), where=alpha > 0)
    restored = np.rint(color) if samples.dtype.kind == "u" else color
    return np.concatenate([restored.clip(0, full).astype(samples.dtype), samples[..., -1:]], axis=2)


def _add_channel_axis(samples: PixelArray) -> PixelArray:
    return samples[..., None] if samples.ndim == 2 else samples


def convert_to_srgb(samples: PixelArray, profile: bytes | None, name: str, *, cmyk: bool = False) -> PixelArray:
    """Convert the colors to sRGB and keep alpha, the last of 2 or 4 channels (5 for CMYK)."""
    colors = 4 if cmyk else (1 if samples.shape[2] < 3 else 3)
    color, alpha = samples[..., :colors], samples[..., colors : colors + 1]
    if profile and color.dtype == np.uint16:
        color = icc.to_srgb_16bit(color, profile, name)
    if color.shape[2] == 4:
        color = _cmyk_to_rgb(color)
    if not alpha.shape[2]:
        return color
    return np.concatenate([np.broadcast_to(color, (*alpha.shape[:2], color.shape[2])), alpha], axis=2)


def _cmyk_to_rgb(ink: PixelArray) -> PixelArray:
    """Return CMYK without a profile as RGB, by the textbook formula (1 - ink)(1 - black)."""
    if ink.dtype.kind == "f":
        light: PixelArray = (1 - ink[..., :3]) * (1 - ink[..., 3:])
        return light
    full = np.iinfo(ink.dtype).max
    paper = (full - ink).astype(np.float64) / full
    return np.rint(paper[..., :3] * paper[..., 3:] * full).astype(ink.dtype)


def apply_orientation(samples: PixelArray, orientation: int) -> PixelArray:
    """Return samples (H, W, c) rotated and mirrored by the EXIF orientation, 1 to 8 (EXIF 2.32, section 4.6.4)."""
    if orientation in (5, 6, 7, 8):
        samples = samples.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        samples = samples[:, ::-1]
    if orientation in (3, 4, 7, 8):
        samples = samples[::-1]
    return samples
