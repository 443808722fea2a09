"""Pictures that are at hand without any download: barestyle's own styles and scikit-image's photographs."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from barestyle.errors import ImageError

STYLES = ("swirls", "mosaic", "hatching", "impasto")
"""Painted by tools/paint_styles; each is a JPEG in this folder."""

PHOTOS = {"astronaut": "astronaut.png", "chelsea": "chelsea.png", "coffee": "coffee.png", "rocket": "rocket.jpg"}
"""Photographs that come with scikit-image, each in the public domain or CC0, and their files."""


def style(name: str) -> Path:
    """The file of one of barestyle's own styles. Raises ImageError with the names there are."""
    if name not in STYLES:
        raise ImageError(f"there is no style {name!r}; barestyle's own are {', '.join(STYLES)}")
    return Path(str(files("barestyle.samples") / f"{name}.jpg"))


def photo(name: str) -> Path:
    """The file of one of scikit-image's photographs. Raises ImageError with the names there are."""
    if name not in PHOTOS:
        raise ImageError(f"there is no photograph {name!r}; scikit-image's are {', '.join(PHOTOS)}")
    # Not skimage.data.data_dir, which is a download folder where pooch happens to be installed.
    return Path(str(files("skimage.data") / PHOTOS[name]))
