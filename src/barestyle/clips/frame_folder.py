"""A folder of numbered images as a clip."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path

from PIL import Image
from torch import Tensor

from barestyle.clips.frame import Frame, Selection
from barestyle.errors import ImageError, VideoError
from barestyle.images import read
from barestyle.images.decode import readable_extensions

RATE = 25
"""Frames per second of a folder, whose images have no times."""


class FrameFolder:
    """The selected images of a folder, in the order of the numbers in their names; the attributes are those of `Clip`.

    Hidden files and files that are not images are ignored. Raises VideoError if there is no image, if one cannot be
    read, or if they differ in size.
    """

    def __init__(self, path: Path, selection: Selection | None = None) -> None:
        self.name = str(path)
        self.time_base = Fraction(1, RATE)
        self.pixel_aspect = Fraction(1)
        self.notes: list[str] = []
        selection = selection or Selection()
        files = find_images(path)
        first = round(selection.start * RATE)
        last = len(files) if selection.end is None else round(selection.end * RATE)
        self._files = files[first : last : selection.every]
        self._every = selection.every
        if not self._files:
            raise VideoError(f"the folder {self.name!r} has no image in this range; it needs numbered images")
        self.count: int | None = len(self._files)
        self.size = self._find_size()
        names = "".join(f"{file.name}:{file.stat().st_size}:{file.stat().st_mtime_ns};" for file in self._files)
        self.fingerprint = hashlib.sha256(names.encode()).hexdigest()

    def _find_size(self) -> tuple[int, int]:
        sizes: dict[tuple[int, int], Path] = {}
        for file in self._files:
            sizes.setdefault(_read_size(file), file)
            if len(sizes) > 1:
                (first, one), (second, other) = sizes.items()
                raise VideoError(
                    f"{str(one)!r} has {first[1]} x {first[0]} pixels, and {str(other)!r} has "
                    f"{second[1]} x {second[0]}; resize the images of a clip to one size"
                )
        return next(iter(sizes))

    def frames(self) -> Iterator[Frame]:
        """Yield the selected images. Raises VideoError if one cannot be read when it is loaded."""
        for number, file in enumerate(self._files):
            yield Frame(number, file.stem, number * self._every, self._every, partial(_load, file))


def find_images(folder: Path) -> list[Path]:
    """Return the images of a folder, sorted by the numbers in their names. Raises VideoError."""
    try:
        extensions = readable_extensions()
        files = [file for file in folder.iterdir() if file.suffix.lower() in extensions and file.name[0] != "."]
    except OSError as error:
        raise VideoError(f"the folder {str(folder)!r} cannot be read ({error.strerror}); check the path") from None
    return sorted(files, key=lambda file: _split_numbers(file.name))


def _split_numbers(name: str) -> list[tuple[int, int, str]]:
    """Return a key that sorts 2 before 10."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", name)]


def _read_size(file: Path) -> tuple[int, int]:
    """Return height and width of an image as it is shown."""
    try:
        with Image.open(file) as image:
            width, height = image.size
            is_turned = image.getexif().get(0x0112, 1) in (5, 6, 7, 8)
    except (OSError, SyntaxError, Image.DecompressionBombError):
        return _load(file).shape[-2], _load(file).shape[-1]  # formats that Pillow does not know
    return (width, height) if is_turned else (height, width)


def _load(file: Path) -> Tensor:
    try:
        return read(file).pixels
    except ImageError as error:
        raise VideoError(str(error)) from None
