"""Trained styles that the page can apply: those that come with barestyle, and the files that a session has uploaded."""

from __future__ import annotations

import hashlib
import logging
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import BaseModel

from barestyle import samples
from barestyle.atomic_files import write_atomically
from barestyle.errors import StyleFileError
from barestyle.feed_forward import EXTENSION, TrainedStyle, load_style
from barestyle.ui.errors import PageError, strip_folder
from barestyle.ui.stored_info import load_infos
from barestyle.ui.uploads import link_file

logger = logging.getLogger(__name__)

MAX_BYTES = 8_000_000
"""Of a file. barestyle's own have less than 1 MB; a network that is much larger would keep others waiting."""

MAX_FILES = 30
"""Files of a session; the oldest that nothing uses are removed first."""

ID_LENGTH = 24
"""Digits of a file's SHA-256 that are its id."""

SHIPPED = "trained:"
"""What precedes the name of a style that comes with barestyle in its id."""

INFO = "style.json"


class TrainedStyleInfo(BaseModel):
    """What is known of a file: its id, its name, its SHA-256, and the names of its styles."""

    id: str
    name: str
    sha256: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class TrainedStyleFile:
    """A file of trained styles, and what is known of it."""

    info: TrainedStyleInfo
    file: Path

    def title(self, name: str) -> str:
        """Return what the page calls a style of the file: the file's name if it has only one."""
        return self.file.stem if len(self.info.names) == 1 else name

    def describe(self) -> list[dict[str, str]]:
        """Return what the page shows of each style of the file: its title, and the URL of a picture.

        `like` is the id of the picture that a shipped style was trained on.
        """
        like = f"style:{self.file.stem}" if self.info.id.startswith(SHIPPED) else ""
        images = [f"session/trained-styles/{self.info.id}/{number}" for number in range(len(self.info.names))]
        return [
            {
                "style": self.info.id,
                "name": name,
                "title": self.title(name),
                "file": self.info.name,
                "image": f"session/pictures/{like}" if like else image,
                "like": like,
            }
            for name, image in zip(self.info.names, images, strict=True)
        ]

    def sample(self, number: int) -> Path:
        """Return the file of a small picture that a style of an uploaded file has painted, counted from 0."""
        return self.file.with_name(f"sample-{number}.jpg")


@cache
def list_shipped() -> dict[str, TrainedStyleFile]:
    """Return the trained styles that come with barestyle, by their ids; one that cannot be read is left out."""
    installed = samples.list_trained_styles()
    names = [*(name for name in samples.STYLES if name in installed), *sorted(set(installed) - set(samples.STYLES))]
    shipped = {}
    for name in names:
        try:
            shipped[f"{SHIPPED}{name}"] = _describe(f"{SHIPPED}{name}", samples.trained_style(name))
        except StyleFileError as error:
            logger.warning("the page does without a trained style: %s", error)
    return shipped


def find_shipped(name: str) -> TrainedStyleFile:
    """Return a style that comes with barestyle, by its name. Raise StyleFileError if it is unknown or unreadable."""
    file, style_id = samples.trained_style(name), f"{SHIPPED}{name}"
    return list_shipped().get(style_id) or _describe(style_id, file)


def find_name(style: TrainedStyleFile, name: str) -> str:
    """Return the name of a style in a file, that of the first one for an empty name. Raise PageError if it has none."""
    names = style.info.names
    if name and name not in names:
        raise PageError(f"{style.info.name!r} has no style {name!r}; it has {', '.join(names)}")
    return name or names[0]


def read_style_file(upload: Path) -> TrainedStyleFile:
    """Read a file that was sent. Raise StyleFileError if it is not a trained style, and PageError if it is large."""
    size = upload.stat().st_size
    if size > MAX_BYTES:
        raise PageError(
            f"{upload.name!r} has {size / 1e6:.0f} MB, and the page takes trained styles of up to "
            f"{MAX_BYTES / 1e6:g} MB; use the command `barestyle apply`"
        )
    if upload.suffix.lower() != EXTENSION:
        raise StyleFileError(
            f"{upload.name!r} is not a trained style; choose a {EXTENSION} file that `barestyle train` has written"
        )
    return _describe(_hash(upload)[:ID_LENGTH], upload)


def load_style_file(file: Path) -> TrainedStyle:
    """Load the network of a file. Raise StyleFileError, with the file's name as it was sent, if that fails."""
    try:
        return load_style(file)
    except StyleFileError as error:
        raise StyleFileError(strip_folder(str(error), file)) from None


def _describe(style_id: str, file: Path) -> TrainedStyleFile:
    """Read a file. Raise StyleFileError if it is not a trained style."""
    names = load_style_file(file).names
    return TrainedStyleFile(TrainedStyleInfo(id=style_id, name=file.name, sha256=_hash(file), names=names), file)


def _hash(file: Path) -> str:
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


class TrainedStyleStore:
    """The uploaded files in a folder. A file that is added twice is stored once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._styles: dict[str, TrainedStyleFile] = {}
        for info, own in load_infos(folder, INFO, TrainedStyleInfo):
            self._styles[info.id] = TrainedStyleFile(info, own / info.name)

    @property
    def all(self) -> list[TrainedStyleFile]:
        """Every file, the oldest first."""
        return list(self._styles.values())

    def find(self, style_id: str) -> TrainedStyleFile | None:
        """Return a file of the session, or one that comes with barestyle; None if it is not there."""
        return self._styles.get(style_id) or list_shipped().get(style_id)

    def describe(self) -> list[dict[str, str]]:
        """Return what the page offers: every style of every file, those of the session first, the latest before."""
        files = [*reversed(self.all), *list_shipped().values()]
        return [entry for file in files for entry in file.describe()]

    def add(self, upload: Path) -> TrainedStyleFile:
        """Store a link to a file. Raise what `read_style_file` raises."""
        info = read_style_file(upload).info
        if info.id in self._styles:
            return self._styles[info.id]
        folder = self._folder / info.id
        try:
            file = link_file(upload, folder)
            write_atomically(folder / INFO, info.model_dump_json().encode())
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self._styles[info.id] = TrainedStyleFile(info, file)
        return self._styles[info.id]

    def keep_only(self, used: Collection[str]) -> None:
        """Remove the oldest files above MAX_FILES whose ids are not used."""
        for style in self.all:
            if len(self._styles) <= MAX_FILES:
                break
            if style.info.id not in used:
                del self._styles[style.info.id]
                shutil.rmtree(style.file.parent, ignore_errors=True)
