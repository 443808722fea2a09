"""Sample images that are installed already: styles of barestyle and photographs of scikit-image."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from barestyle.errors import ImageError, StyleFileError

STYLES = ("swirls", "mosaic", "hatching", "impasto")
"""Styles painted by tools/paint_styles; each is a JPEG file in this folder."""

PHOTOS = {"astronaut": "astronaut.png", "chelsea": "chelsea.png", "coffee": "coffee.png", "rocket": "rocket.jpg"}
"""Photographs of scikit-image, all in the public domain or CC0, and their file names."""


def style(name: str) -> Path:
    """Return the file of a style. Raises ImageError for an unknown name."""
    if name not in STYLES:
        raise ImageError(f"there is no style {name!r}; the sample styles are {', '.join(STYLES)}")
    return Path(str(files("barestyle.samples") / f"{name}.jpg"))


def photo(name: str) -> Path:
    """Return the file of a photograph. Raises ImageError for an unknown name."""
    if name not in PHOTOS:
        raise ImageError(f"there is no photograph {name!r}; the sample photographs are {', '.join(PHOTOS)}")
    # Not skimage.data.data_dir, which is a download folder if pooch is installed.
    return Path(str(files("skimage.data") / PHOTOS[name]))


def list_trained_styles() -> list[str]:
    """Return the names of the trained styles that are installed."""
    return sorted(Path(file.name).stem for file in files("barestyle.samples").iterdir() if file.name.endswith(".style"))


def trained_style(name: str) -> Path:
    """Return the file of a trained style. Raises StyleFileError for an unknown name."""
    names = list_trained_styles()
    if name not in names:
        alternative = f", or one of {', '.join(names)}" if names else ""
        raise StyleFileError(
            f"there is no trained style {name!r}; give a .style file that `barestyle train` has written{alternative}"
        )
    return Path(str(files("barestyle.samples") / f"{name}.style"))
