"""ICC profiles: whatever colors a file is in, sRGB is what comes out."""

from __future__ import annotations

import io
import warnings
from functools import cache
from typing import Any

import imagecodecs
import numpy as np
from PIL import Image, ImageCms

PixelArray = np.ndarray[Any, Any]
_RELATIVE_COLORIMETRIC = 1
_UNOPTIMIZED = 0x0100  # Little CMS would interpolate in a coarse table, which is far off in the darks


@cache
def srgb() -> bytes:
    """An sRGB profile."""
    return bytes(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())


def to_srgb(image: Image.Image, name: str) -> Image.Image:
    """An 8-bit image without alpha as RGB (or L) in sRGB; a profile that cannot be used is warned of."""
    profile = image.info.get("icc_profile")
    if image.mode in ("1", "P", "PA"):
        image = image.convert("RGB")
    if profile:
        try:
            converted = ImageCms.profileToProfile(
                image,
                ImageCms.ImageCmsProfile(io.BytesIO(profile)),
                ImageCms.ImageCmsProfile(io.BytesIO(srgb())),
                renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
                outputMode="RGB",
            )
            return converted or image
        except (ImageCms.PyCMSError, OSError) as error:
            warn_unusable(name, error)
    if image.mode == "LAB":
        transform = ImageCms.buildTransform(ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB")
        return ImageCms.applyTransform(image, transform) or image
    return image if image.mode in ("L", "RGB") else image.convert("RGB")


def deep_to_srgb(samples: PixelArray, profile: bytes, name: str) -> PixelArray:
    """16-bit samples (H, W, 1, 3 or 4 colors) as 16-bit RGB in sRGB; an unusable profile is warned of."""
    space = {1: "gray", 3: "rgb", 4: "cmyk"}[samples.shape[2]]
    try:
        converted: PixelArray = imagecodecs.cms_transform(
            np.ascontiguousarray(samples[..., 0] if space == "gray" else samples),
            profile,
            srgb(),
            colorspace=space,
            outcolorspace="rgb",
            outdtype="uint16",
            intent=_RELATIVE_COLORIMETRIC,
            flags=_UNOPTIMIZED,
        )
    except (imagecodecs.CmsError, ValueError) as error:
        warn_unusable(name, error)
        return samples
    return converted


def warn_unusable(name: str, error: Exception) -> None:
    """Say that a file's colors are taken for sRGB because its profile cannot be used."""
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    warnings.warn(f"the ICC profile in {name} cannot be used ({reason}), so its colors are read as sRGB", stacklevel=2)
