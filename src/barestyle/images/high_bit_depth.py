"""Images with more than 8 bits per channel, which Pillow would reduce to 8."""

from __future__ import annotations

import imagecodecs
import numpy as np
from PIL import Image

from barestyle.errors import ImageError
from barestyle.images import icc
from barestyle.images.samples import PixelArray

ORIENTATION = 274
"""Tag of EXIF and TIFF."""

_BITS_PER_SAMPLE = 258
"""Tag of TIFF."""


def decode_png(image: Image.Image, data: bytes, name: str) -> tuple[PixelArray, int] | None:
    """Return samples (H, W, 1 to 4) and bits of a PNG with more than 8 bits that Pillow opened, else None."""
    if image.format != "PNG" or not str(getattr(image, "tile", ((None,) * 4,))[0][3]).endswith("16B"):
        return None
    try:
        samples = imagecodecs.png_decode(data)
    except imagecodecs.PngError as error:
        raise ImageError(f"{name} is damaged or cut short ({error}); get the file again") from None
    color = convert_to_srgb(add_channel_axis(samples), image.info.get("icc_profile"), name)
    return apply_orientation(color, image.getexif().get(ORIENTATION, 1)), 16


def is_deep_tiff(image: Image.Image) -> bool:
    """Return whether a file that Pillow opened is a TIFF with more than 8 bits."""
    return image.format == "TIFF" and max(image.tag_v2.get(_BITS_PER_SAMPLE, (8,))) > 8  # type: ignore[attr-defined]


def unpremultiply(samples: PixelArray) -> PixelArray:
    """Return colors divided by alpha, the last channel, as TIFF may store their product (TIFF 6.0, section 18)."""
    full = np.iinfo(samples.dtype).max if samples.dtype.kind == "u" else 1
    alpha = samples[..., -1:].astype(np.float64) / full
    color = np.divide(samples[..., :-1], alpha, out=np.zeros(samples[..., :-1].shape), where=alpha > 0)
    restored = np.rint(color) if samples.dtype.kind == "u" else color
    return np.concatenate([restored.clip(0, full).astype(samples.dtype), samples[..., -1:]], axis=2)


def add_channel_axis(samples: PixelArray) -> PixelArray:
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
