"""The pictures of a session: uploads and crops, each with a preview, in a folder that is named by its content."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from pydantic import BaseModel

from barestyle.atomic_files import write_atomically
from barestyle.images import Picture
from barestyle.ui import previews
from barestyle.ui.crop import Crop
from barestyle.ui.errors import PageError
from barestyle.ui.limits import Limits
from barestyle.ui.stored_info import load_infos
from barestyle.ui.uploads import crop_upload, link_file, read_upload

MAX_PICTURES = 100
"""Pictures of a session; the oldest that nothing uses are removed first."""

MAX_BYTES = 2_000_000_000
"""Bytes of a session's pictures, for which the same holds; a crop is stored without loss and may be large."""

SMALLEST_USEFUL_SIDE = 128
"""Pixels of the short side below which a picture makes a blurred result."""

ID_LENGTH = 24
"""Digits of a file's SHA-256 that are its picture's id."""

INFO = "picture.json"
PREVIEW = "preview.jpg"


class PictureInfo(BaseModel):
    """What the page shows of a picture: its file name, its pixels, and a sentence if something is to be said.

    `crop` says how it was made from another picture, if it was.
    """

    id: str
    name: str
    width: int
    height: int
    note: str = ""
    crop: Crop | None = None


@dataclass(frozen=True)
class StoredPicture:
    """A picture that the form can name: what the page shows of it, its file, and its preview as a JPEG."""

    info: PictureInfo
    file: Path
    preview: Path

    @cached_property
    def bytes(self) -> int:
        """Bytes of the picture's files."""
        return sum(path.stat().st_size for path in self.file.parent.iterdir())


class PictureStore:
    """The pictures in a folder. A picture that is added twice is stored once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pictures: dict[str, StoredPicture] = {}
        for info, own in load_infos(folder, INFO, PictureInfo):
            self._pictures[info.id] = StoredPicture(info, own / info.name, own / PREVIEW)

    @property
    def all(self) -> list[StoredPicture]:
        """Every picture, the oldest first."""
        return list(self._pictures.values())

    def get(self, picture_id: str) -> StoredPicture | None:
        """Return a picture, or None if it is not there."""
        return self._pictures.get(picture_id)

    def add(self, upload: Path, limits: Limits, crop: Crop | None = None) -> StoredPicture:
        """Store a link to a file, with a preview. Raise ImageError or PageError if it cannot be read.

        `crop` says how the file was made from another picture, if it was.
        """
        with upload.open("rb") as data:
            picture_id = hashlib.file_digest(data, "sha256").hexdigest()[:ID_LENGTH]
        if picture_id in self._pictures:
            return self._update_crop(self._pictures[picture_id], crop)
        picture = read_upload(upload, limits)
        folder = self._folder / picture_id
        try:
            file = link_file(upload, folder)
            preview = folder / PREVIEW
            write_atomically(preview, previews.to_jpeg(picture.pixels, picture.alpha, previews.INPUT_SIDE))
            info = describe_picture(picture_id, file.name, picture).model_copy(update={"crop": crop})
            write_atomically(folder / INFO, info.model_dump_json().encode())
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self._pictures[picture_id] = StoredPicture(info, file, preview)
        return self._pictures[picture_id]

    def add_crop(self, original: Path, crop: Crop, limits: Limits) -> StoredPicture:
        """Store a part of a picture as a picture. Raise ImageError or PageError if it cannot be read."""
        data = crop_upload(original, crop, limits)
        self._folder.mkdir(parents=True, exist_ok=True)
        file = self._folder / crop.make_name(original.name)
        try:
            write_atomically(file, data)
            return self.add(file, limits, crop)
        finally:
            file.unlink(missing_ok=True)

    def _update_crop(self, stored: StoredPicture, crop: Crop | None) -> StoredPicture:
        """Note the latest of several crops with equal pixels; an upload stays one."""
        if crop is None or stored.info.crop in (None, crop):
            return stored
        info = stored.info.model_copy(update={"crop": crop})
        write_atomically(stored.file.with_name(INFO), info.model_dump_json().encode())
        self._pictures[info.id] = replace(stored, info=info)
        return self._pictures[info.id]

    def keep_only(self, used: Collection[str]) -> None:
        """Remove the oldest pictures above MAX_PICTURES or MAX_BYTES that are not used; a used crop uses its original.

        Args:
            used: ids of pictures.
        """
        crops = [picture.info.crop for picture in self.all if picture.info.id in used]
        needed = {*used, *(crop.source for crop in crops if crop is not None)}
        for picture in self.all:
            if len(self._pictures) <= MAX_PICTURES and sum(each.bytes for each in self.all) <= MAX_BYTES:
                break
            if picture.info.id not in needed:
                self.remove(picture.info.id)

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
