"""Pictures with more than 8 bits a channel, which Pillow would cut down to 8."""

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

PixelArray = np.ndarray[Any, Any]

_ORIENTATION = 274  # the tag of EXIF and TIFF
_ICC_PROFILE = 34675  # the tag of TIFF


def decoded(image: Image.Image, data: bytes, name: str) -> tuple[PixelArray, int] | None:
    """Samples (H, W, 1 to 4) and bits of a deep color PNG or TIFF that Pillow has opened; None for others."""
    if image.format == "PNG" and str(getattr(image, "tile", ((None,) * 4,))[0][3]).endswith("16B"):
        try:
            samples = imagecodecs.png_decode(data)
        except imagecodecs.PngError as error:
            raise ImageError(f"{name} is damaged or cut short ({error}); get the file again") from None
        color = _in_srgb(_with_channels(samples), image.info.get("icc_profile"), name)
        return oriented(color, image.getexif().get(_ORIENTATION, 1)), 16
    if image.format == "TIFF" and max(image.tag_v2.get(258, (8,))) > 8:  # type: ignore[attr-defined]
        return decoded_tiff(data, name, lambda _width, _height: None)
    return None


def decoded_tiff(data: bytes, name: str, check: Callable[[int, int], None]) -> tuple[PixelArray, int] | None:
    """The first page of a TIFF file, or None where it is none; `check` sees (width, height) before decoding.

    Raises ImageError where the page is no gray, RGB or CMYK picture, or damaged.
    """
    try:
        with _silent(), tifffile.TiffFile(io.BytesIO(data)) as file:
            page = file.pages.first
            check(page.imagewidth, page.imagelength)
            samples = _samples_of(page, name)
            cmyk = page.photometric == tifffile.PHOTOMETRIC.SEPARATED
            profile = page.tags.get(_ICC_PROFILE)
            orientation = page.tags.get(_ORIENTATION)
    except ImageError:
        raise
    except tifffile.TiffFileError:
        return None
    except Exception as error:  # noqa: BLE001  # a damaged file can make a decoder raise anything
        reason = f"{type(error).__name__}: {error}"
        raise ImageError(f"{name} is damaged or a TIFF of an unknown kind ({reason}); save it anew") from None
    color = _in_srgb(samples, profile.value if profile else None, name, cmyk=cmyk)
    return oriented(color, int(orientation.value) if orientation else 1), 16


_COLORS = (
    tifffile.PHOTOMETRIC.MINISWHITE,
    tifffile.PHOTOMETRIC.MINISBLACK,
    tifffile.PHOTOMETRIC.RGB,
    tifffile.PHOTOMETRIC.SEPARATED,
)


def _samples_of(page: Any, name: str) -> PixelArray:
    """A page's samples (H, W, channels), spanning their type, alpha not multiplied in. Raises ImageError."""
    if page.photometric not in _COLORS:
        kind = getattr(page.photometric, "name", page.photometric)
        raise ImageError(
            f"{name} is a TIFF of {kind} colors; gray, RGB and CMYK can be read, so save it as one of them"
        )
    samples = _with_channels(np.asarray(page.asarray()))
    if samples.ndim != 3 or not samples.size:
        raise ImageError(f"{name} is a TIFF of the shape {samples.shape}; a picture is height x width x channels")
    if page.planarconfig == 2 and samples.shape[0] in (1, 2, 3, 4):
        samples = samples.transpose(1, 2, 0)
    if samples.dtype == np.uint16 and page.bitspersample < 16:  # of cameras and scanners, in the lower bits
        samples = np.rint(samples * (65535 / (2**page.bitspersample - 1))).astype(np.uint16)
    if page.photometric == tifffile.PHOTOMETRIC.MINISWHITE:
        white = 1 if samples.dtype.kind == "f" else np.iinfo(samples.dtype).max
        samples = np.concatenate([white - samples[..., :1], samples[..., 1:]], axis=2)
    return _unpremultiplied(samples) if tifffile.EXTRASAMPLE.ASSOCALPHA in page.extrasamples else samples


@contextmanager
def _silent() -> Iterator[None]:
    """What tifffile would log on a damaged file, beside the error that is told anyway, is not said."""
    logger = logging.getLogger("tifffile")
    before = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = before


def _unpremultiplied(samples: PixelArray) -> PixelArray:
    """Colors that were stored multiplied by alpha, the last channel, as they are without it (TIFF 6.0, section 18)."""
    full = np.iinfo(samples.dtype).max if samples.dtype.kind == "u" else 1
    alpha = samples[..., -1:].astype(np.float64) / full
    color = np.divide(samples[..., :-1], alpha, out=np.zeros(samples[..., :-1].shape), where=alpha > 0)
    restored = np.rint(color) if samples.dtype.kind == "u" else color
    return np.concatenate([restored.clip(0, full).astype(samples.dtype), samples[..., -1:]], axis=2)


def _with_channels(samples: PixelArray) -> PixelArray:
    return samples[..., None] if samples.ndim == 2 else samples


def _in_srgb(samples: PixelArray, profile: bytes | None, name: str, *, cmyk: bool = False) -> PixelArray:
    """Convert the colors and leave alpha, the last of 2 or 4 channels (5 of CMYK), as it is."""
    colors = 4 if cmyk else (1 if samples.shape[2] < 3 else 3)
    color, alpha = samples[..., :colors], samples[..., colors : colors + 1]
    if profile and color.dtype == np.uint16:
        color = icc.deep_to_srgb(color, profile, name)
    if color.shape[2] == 4:
        color = _plain_cmyk(color)
    if not alpha.shape[2]:
        return color
    return np.concatenate([np.broadcast_to(color, (*alpha.shape[:2], color.shape[2])), alpha], axis=2)


def _plain_cmyk(ink: PixelArray) -> PixelArray:
    """CMYK without a profile, by the textbook formula (1 - ink)(1 - black)."""
    if ink.dtype.kind == "f":
        light: PixelArray = (1 - ink[..., :3]) * (1 - ink[..., 3:])
        return light
    full = np.iinfo(ink.dtype).max
    paper = (full - ink).astype(np.float64) / full
    return np.rint(paper[..., :3] * paper[..., 3:] * full).astype(ink.dtype)


def oriented(samples: PixelArray, orientation: int) -> PixelArray:
    """Samples (H, W, c) turned as EXIF orientation 1 to 8 asks (EXIF 2.32, section 4.6.4)."""
    if orientation in (5, 6, 7, 8):
        samples = samples.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        samples = samples[:, ::-1]
    if orientation in (3, 4, 7, 8):
        samples = samples[::-1]
    return samples
