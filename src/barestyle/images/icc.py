"""Convert the colors of images to sRGB by their ICC profiles."""

from __future__ import annotations

import io
import warnings
from functools import cache

import imagecodecs
import numpy as np
from PIL import Image, ImageCms

from barestyle.images.samples import PixelArray

_RELATIVE_COLORIMETRIC = 1
_UNOPTIMIZED = 0x0100
"""Little CMS's flag against interpolation in a coarse table, which is far off in the darks."""


@cache
def srgb_profile() -> bytes:
    """Return an sRGB profile."""
    return bytes(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())


def to_srgb(image: Image.Image, name: str) -> Image.Image:
    """Return an 8-bit image without alpha as RGB (or L) in sRGB; warn if its profile cannot be used."""
    profile = image.info.get("icc_profile")
    if image.mode in ("1", "P", "PA"):
        image = image.convert("RGB")
    if profile:
        try:
            converted = ImageCms.profileToProfile(
                image,
                ImageCms.ImageCmsProfile(io.BytesIO(profile)),
                ImageCms.ImageCmsProfile(io.BytesIO(srgb_profile())),
                renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
                outputMode="RGB",
            )
            return converted or image
        except (ImageCms.PyCMSError, OSError) as error:
            _warn_unusable(name, error)
    if image.mode == "LAB":
        transform = ImageCms.buildTransform(ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB")
        return ImageCms.applyTransform(image, transform) or image
    return image if image.mode in ("L", "RGB") else image.convert("RGB")


def to_srgb_16bit(samples: PixelArray, profile: bytes, name: str) -> PixelArray:
    """Return uint16 samples (H, W, 1, 3 or 4 colors) as uint16 RGB in sRGB; warn if the profile cannot be used."""
    space = {1: "gray", 3: "rgb", 4: "cmyk"}[samples.shape[2]]
    try:
        converted: PixelArray = imagecodecs.cms_transform(
            np.ascontiguousarray(samples[..., 0] if space == "gray" else samples),
            profile,
            srgb_profile(),
            colorspace=space,
            outcolorspace="rgb",
            outdtype="uint16",
            intent=_RELATIVE_COLORIMETRIC,
            flags=_UNOPTIMIZED,
        )
    except (imagecodecs.CmsError, ValueError) as error:
        _warn_unusable(name, error)
        return samples
    return converted


def _warn_unusable(name: str, error: Exception) -> None:
    """Warn that a profile cannot be used."""
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    warnings.warn(f"the ICC profile in {name} cannot be used ({reason}); its colors are read as sRGB", stacklevel=2)
