"""Uploaded files: read pictures with messages for people who do not see the server's folders, and link files."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from barestyle.errors import BarestyleError, PixelLimitError
from barestyle.images import Picture, crop_file, read
from barestyle.ui.crop import Crop
from barestyle.ui.errors import PageError, strip_folder
from barestyle.ui.limits import Limits


def read_upload(file: Path, limits: Limits) -> Picture:
    """Read a picture. Raise ImageError if it is not one, and PageError if it has more pixels than the limit."""
    with _translate_errors(file, limits):
        return read(file, max_pixels=limits.max_pixels)


def crop_upload(file: Path, crop: Crop, limits: Limits) -> bytes:
    """Return a part of a picture as a PNG. Raise what `read_upload` raises, and ImageError for a box outside it."""
    with _translate_errors(file, limits):
        return crop_file(file, **crop.model_dump(exclude={"source"}), max_pixels=limits.max_pixels)


@contextmanager
def _translate_errors(file: Path, limits: Limits) -> Iterator[None]:
    """Make messages on a file name it as it was sent."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of profiles and further frames; they would go to the server's terminal
            yield
    except PixelLimitError:
        megapixels = f"{limits.max_pixels / 1e6:.2g} megapixels"
        raise PageError(f"{file.name!r} has too many pixels; resize it to under {megapixels}") from None
    except BarestyleError as error:
        raise type(error)(strip_folder(str(error), file)) from None


def link_file(file: Path, folder: Path) -> Path:
    """Create a hard link to a file in `folder`, or a copy if the file system has no links."""
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / file.name
    if link.exists() and link.samefile(file):
        return link
    try:
        os.link(file, link)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(file, link)
    return link
