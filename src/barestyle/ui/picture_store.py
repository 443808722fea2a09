"""The pictures of a session: uploads, each with a preview, in a folder of its own that is named by its content."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError

from barestyle.atomic_files import write_atomically
from barestyle.images import Picture
from barestyle.ui import previews
from barestyle.ui.errors import PageError
from barestyle.ui.limits import Limits
from barestyle.ui.uploads import link_file, read_upload

MAX_PICTURES = 100
"""Uploaded pictures of a session; the oldest that nothing uses are removed first."""

SMALLEST_USEFUL_SIDE = 128
"""Pixels of the short side below which a picture makes a blurred result."""

ID_LENGTH = 24
"""Digits of a file's SHA-256 that are its picture's id."""

INFO = "picture.json"
PREVIEW = "preview.jpg"


class PictureInfo(BaseModel):
    """What the page shows of a picture: its file name, its pixels, and a sentence if something is to be said."""

    id: str
    name: str
    width: int
    height: int
    note: str = ""


@dataclass(frozen=True)
class StoredPicture:
    """A picture that the form can name: what the page shows of it, its file, and its preview as a JPEG."""

    info: PictureInfo
    file: Path
    preview: Path


class PictureStore:
    """The pictures in a folder. A picture that is added twice is stored once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pictures: dict[str, StoredPicture] = {}
        for info_file in sorted(folder.glob(f"*/{INFO}"), key=lambda file: file.stat().st_mtime):
            try:
                info = PictureInfo.model_validate_json(info_file.read_bytes())
            except (OSError, ValidationError):  # damaged, or of another version
                shutil.rmtree(info_file.parent, ignore_errors=True)
                continue
            self._pictures[info.id] = StoredPicture(info, info_file.parent / info.name, info_file.with_name(PREVIEW))

    @property
    def all(self) -> list[StoredPicture]:
        """Every picture, the oldest first."""
        return list(self._pictures.values())

    def get(self, picture_id: str) -> StoredPicture | None:
        """Return a picture, or None if it is not there."""
        return self._pictures.get(picture_id)

    def add(self, upload: Path, limits: Limits) -> StoredPicture:
        """Store a link to a file, with a preview. Raise ImageError or PageError if it cannot be read."""
        with upload.open("rb") as data:
            picture_id = hashlib.file_digest(data, "sha256").hexdigest()[:ID_LENGTH]
        if picture_id in self._pictures:
            return self._pictures[picture_id]
        picture = read_upload(upload, limits)
        folder = self._folder / picture_id
        try:
            file = link_file(upload, folder)
            preview = folder / PREVIEW
            write_atomically(preview, previews.to_jpeg(picture.pixels, picture.alpha, previews.INPUT_SIDE))
            info = describe_picture(picture_id, file.name, picture)
            write_atomically(folder / INFO, info.model_dump_json().encode())
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self._pictures[picture_id] = StoredPicture(info, file, preview)
        return self._pictures[picture_id]

    def keep_only(self, used: Collection[str]) -> None:
        """Remove the oldest pictures above MAX_PICTURES whose ids are not among the used ones."""
        unused = [picture_id for picture_id in self._pictures if picture_id not in used]
        for picture_id in unused[: max(0, len(self._pictures) - MAX_PICTURES)]:
            self.remove(picture_id)

    def remove(self, picture_id: str) -> None:
        """Delete a picture's files, if it is there."""
        if self._pictures.pop(picture_id, None) is not None:
            shutil.rmtree(self._folder / picture_id, ignore_errors=True)


def describe_picture(picture_id: str, name: str, picture: Picture) -> PictureInfo:
    """Return what the page shows of a picture that was read."""
    notes = []
    if picture.frames > 1:
        notes.append(f"The first of {picture.frames} images in the file is used.")
    if min(picture.width, picture.height) < SMALLEST_USEFUL_SIDE:
        notes.append(f"Only {picture.width} × {picture.height} pixels: the result will be blurred.")
    return PictureInfo(id=picture_id, name=name, width=picture.width, height=picture.height, note=" ".join(notes))


def require(picture: StoredPicture | None) -> StoredPicture:
    """Return a picture. Raise PageError if there is none."""
    if picture is None:
        raise PageError("a picture that was chosen is not on the server any more; choose it again")
    return picture
