"""The pictures that every session can choose: samples, shipped styles, and the styles in a folder of one's own."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from barestyle import samples
from barestyle.images.decode import readable_extensions
from barestyle.ui import previews
from barestyle.ui.errors import PageError
from barestyle.ui.limits import Limits
from barestyle.ui.picture_store import PictureInfo, describe_picture
from barestyle.ui.uploads import read_upload

CACHED_PREVIEWS = 200
"""Previews that are kept in memory, of some 40 KB each."""


def _get_time(file: Path) -> float:
    """Return when a file was changed, so that what is cached of it can be told from what it is now."""
    try:
        return file.stat().st_mtime
    except OSError:  # it was removed, which reading it will tell
        return 0.0


@lru_cache(1000)
def _hash_file(file: Path, _modified: float) -> str:
    try:
        with file.open("rb") as data:
            return hashlib.file_digest(data, "sha256").hexdigest()
    except OSError:
        return ""


@dataclass(frozen=True)
class Entry:
    """A picture of the library: its id, what the page calls it, and its file."""

    id: str
    title: str
    file: Path


class Library:
    """Photos and styles by their ids. A file of the folder that cannot be read is refused when it is chosen.

    Args:
        limits: of the pictures.
        styles_folder: a folder of styles to offer beside the shipped ones, or None.

    Raises PageError if the folder does not exist.
    """

    def __init__(self, limits: Limits, styles_folder: Path | None = None) -> None:
        self._limits = limits
        if styles_folder is not None and not styles_folder.is_dir():
            raise PageError(f"there is no folder {str(styles_folder)!r}; give --styles an existing folder of images")
        self._styles_folder = styles_folder
        self._shipped = {
            **{f"photo:{name}": Entry(f"photo:{name}", name, samples.photo(name)) for name in samples.PHOTOS},
            **{f"style:{name}": Entry(f"style:{name}", name, samples.style(name)) for name in samples.STYLES},
        }
        self._own: dict[str, Entry] = {}
        self._read = lru_cache(CACHED_PREVIEWS)(self._read_entry)
        self._list_own()

    @property
    def photos(self) -> list[Entry]:
        """The sample photographs."""
        return [entry for entry in self._shipped.values() if entry.id.startswith("photo:")]

    @property
    def styles(self) -> list[Entry]:
        """The styles of the folder, as it is now, and the shipped ones."""
        self._list_own()
        shipped = (entry for entry in self._shipped.values() if entry.id.startswith("style:"))
        return [*self._own.values(), *shipped]

    def _list_own(self) -> None:
        """Note the files of the folder as they are now; none if it was removed meanwhile."""
        folder = self._styles_folder
        files = sorted(folder.iterdir(), key=lambda file: file.name.lower()) if folder and folder.is_dir() else []
        names = [
            file for file in files if file.suffix.lower() in readable_extensions() and not file.name.startswith(".")
        ]
        self._own = {f"own:{file.name}": Entry(f"own:{file.name}", file.stem, file) for file in names}

    def get(self, picture_id: str) -> Entry | None:
        """Return an entry, or None if there is none with this id."""
        return self._shipped.get(picture_id) or self._own.get(picture_id)

    def find(self, sha256: str) -> Entry | None:
        """Return the entry whose file has this hash, or None."""
        entries = [*self._shipped.values(), *self._own.values()]
        return next((entry for entry in entries if _hash_file(entry.file, _get_time(entry.file)) == sha256), None)

    def describe(self, entry: Entry) -> PictureInfo:
        """Return what the page shows of an entry. Raise ImageError or PageError if its file cannot be read."""
        return self._read(entry, _get_time(entry.file))[0]

    def preview(self, entry: Entry) -> bytes:
        """Return an entry's preview as a JPEG. Raise ImageError or PageError if its file cannot be read."""
        return self._read(entry, _get_time(entry.file))[1]

    def _read_entry(self, entry: Entry, _modified: float) -> tuple[PictureInfo, bytes]:
        picture = read_upload(entry.file, self._limits)
        preview = previews.to_jpeg(picture.pixels, picture.alpha, previews.INPUT_SIDE)
        return describe_picture(entry.id, entry.file.name, picture), preview
