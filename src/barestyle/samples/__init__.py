"""Pictures that are at hand without any download: barestyle's own styles and scikit-image's photographs."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from barestyle.errors import ImageError

if TYPE_CHECKING:
    import numpy as np

STYLES = ("swirls", "mosaic", "hatching", "impasto")
"""Painted by tools/paint_styles; each is a JPEG in this folder."""

PHOTOS = ("astronaut", "chelsea", "coffee", "rocket")
"""Photographs that come with scikit-image, each in the public domain or CC0."""


def style(name: str) -> Path:
    """The file of one of barestyle's own styles. Raises ImageError with the names there are."""
    if name not in STYLES:
        raise ImageError(f"there is no style {name!r}; barestyle's own are {', '.join(STYLES)}")
    return Path(str(files("barestyle.samples") / f"{name}.jpg"))


def photo(name: str) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """One of scikit-image's photographs, (H, W, 3) uint8. Raises ImageError with the names there are."""
    if name not in PHOTOS:
        raise ImageError(f"there is no photograph {name!r}; scikit-image's are {', '.join(PHOTOS)}")
    from skimage import data

    picture: np.ndarray[Any, np.dtype[np.uint8]] = getattr(data, name)()
    return picture
