"""Files with several images, of which the first is read."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    import tifffile


_FORMATS = ("AVIF", "FLI", "GIF", "PNG", "WEBP")
"""Pillow's formats with animations; in others, further images are previews, layers or other sizes of the first one."""


def count_frames(form: str | None, data: bytes) -> int:
    """Return the number of frames of a file, or of pages of a TIFF file; `form` is Pillow's name of the format.

    It is 1 if the later ones are damaged: the first one can be read nevertheless.
    """
    try:
        if form == "TIFF":
            import tifffile  # only for the files that need it

            from barestyle.images.tiff import silence_tifffile

            with silence_tifffile(), tifffile.TiffFile(io.BytesIO(data)) as file:
                return count_pages(file)
        if form not in _FORMATS:
            return 1
        with Image.open(io.BytesIO(data), formats=[form]) as image:
            return int(getattr(image, "n_frames", 1))
    except Exception:  # noqa: BLE001  # decoders raise all kinds of errors for damaged files
        return 1


def count_pages(file: tifffile.TiffFile) -> int:
    """Return the number of pages of a TIFF file, without previews and other copies of a page in a smaller size."""
    return max(sum(not page.is_reduced for page in file.pages), 1)


def warn_of_frames(name: str, frames: int, what: str = "frames") -> None:
    """Warn that only the first of several images in a file is used."""
    if frames > 1:
        warnings.warn(f"{name} has {frames} {what}; the first one is used", stacklevel=2)
