"""The image files of a study, by the names that its declaration uses."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from barestyle import samples
from barestyle.errors import ImageError, StudyError
from barestyle.images import read


@dataclass(frozen=True)
class ImageFile:
    """An image's name in the study, its file, the file's bytes, and their SHA-256."""

    name: str
    path: Path
    data: bytes
    sha256: str


def find_image(name: str, folder: Path = Path()) -> ImageFile:
    """Return the file of `photo:NAME`, `style:NAME` or a path in a folder. Raises StudyError naming the image."""
    kind, _, sample = name.partition(":")
    try:
        if kind in ("photo", "style"):
            path = samples.photo(sample) if kind == "photo" else samples.style(sample)
        else:
            path = folder / Path(name).expanduser()
        data = path.read_bytes()
    except ImageError as error:
        raise StudyError(f"image {name!r} of the study: {error}") from None
    except OSError as error:
        raise StudyError(f"image {name!r} of the study cannot be read ({error.strerror}); check its path") from None
    return ImageFile(name, path, data, hashlib.sha256(data).hexdigest())


def check_image(name: str, folder: Path = Path()) -> ImageFile:
    """Return the same as `find_image`, after reading the image. Raises StudyError or ImageError."""
    image = find_image(name, folder)
    read(image.path)
    return image
