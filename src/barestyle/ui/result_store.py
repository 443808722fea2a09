"""The finished pictures of a session, each in a folder of its own, with the settings that made it."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import shutil
import threading
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from barestyle.atomic_files import write_atomically
from barestyle.spec import LuminanceContentLoss
from barestyle.ui.compute import PaintRequest
from barestyle.ui.job_status import FinishedImage
from barestyle.ui.status_text import format_duration
from barestyle.ui.stored_info import load_infos

MAX_RESULTS = 60
"""Results of a session; when there are more, the oldest is removed."""

MAX_BYTES = 2_000_000_000
"""Bytes of a session's results; when there are more, the oldest is removed."""

INFO = "result.json"
"""Name of the file with what is known of a result."""

UNDO_SECONDS = 600.0
"""Time after which the files of a deleted result are deleted, too."""

DELETED_INFO = "deleted.json"
"""Name of the same file after the result was deleted, while that can be undone."""


class ResultInfo(BaseModel):
    """What is known of a result.

    Attributes:
        id: name of its folder.
        title: what the page calls the look.
        name: of its files, without extension.
        job: number that results of one job have in common.
        created: Unix time in seconds.
        form: the values of the form with which it is painted again.
        caption: says how it was painted, such as 'Balanced, strength 0.5, 512 × 341, seed 0, 9 seconds'.
        pictures: ids of the photo and the styles.
        width, height: in pixels.
        seconds: that the run took.
        interrupted: whether it was stopped early.
        has_film: whether there is a video of the run.
        curve: SVG of the loss.
        style_sha256: of the file of an instant picture's trained style.
    """

    id: str
    title: str
    name: str
    job: str
    created: float
    form: dict[str, Any]
    caption: str
    pictures: tuple[str, ...]
    width: int
    height: int
    seconds: float
    interrupted: bool
    has_film: bool
    curve: str
    style_sha256: str = ""


@dataclass(frozen=True)
class StoredResult:
    """A result: what is known of it, and its folder."""

    info: ResultInfo
    folder: Path

    @cached_property
    def bytes(self) -> int:
        """Bytes of the result's files."""
        return sum(path.stat().st_size for path in self.folder.iterdir())

    def file(self, kind: str) -> Path:
        """Return the file of a kind: picture, record, before, after, thumbnail or film."""
        ending = {
            "picture": ".png",
            "record": ".png.json",
            "before": "-before.jpg",
            "after": "-after.jpg",
            "thumbnail": "-thumbnail.jpg",
            "film": ".mp4",
        }[kind]
        return self.folder / f"{self.info.name}{ending}"


class ResultStore:
    """The results in a folder; the thread that paints adds to them, others read and remove."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        found = [StoredResult(info, own) for info, own in load_infos(folder, INFO, ResultInfo)]
        self._results = {result.info.id: result for result in sorted(found, key=lambda result: result.info.created)}
        self._deleted: tuple[StoredResult, float] | None = None  # the last one, and when
        for path in folder.glob("*"):  # deleted results, and of runs that the end of the server cut short
            if path.name not in self._results:
                shutil.rmtree(path, ignore_errors=True)

    @property
    def all(self) -> list[StoredResult]:
        """Every result, the oldest first."""
        with self._lock:
            return list(self._results.values())

    def get(self, result_id: str) -> StoredResult | None:
        """Return a result, or None if it is not there."""
        return self._results.get(result_id)

    def new_folder(self) -> Path:
        """Create an empty folder for the next result."""
        folder = self._folder / secrets.token_hex(8)
        folder.mkdir(parents=True)
        return folder

    def add(self, request: PaintRequest, image: FinishedImage, job: str) -> StoredResult:
        """Add a result whose files are in a folder that `new_folder` created, and remove the oldest above the limit."""
        folder, form = image.picture.parent, request.form
        info = ResultInfo(
            id=folder.name,
            title=request.title,
            name=request.name,
            job=job,
            created=time.time(),
            form=dict(form),
            caption=make_caption(request, image),
            pictures=(str(form.get("photo", "")), *(str(style["picture"]) for style in form.get("styles", ()))),
            width=image.width,
            height=image.height,
            seconds=image.seconds,
            interrupted=image.interrupted,
            has_film=image.film is not None,
            curve=image.curve,
        )
        return self.insert(info)

    def insert(self, info: ResultInfo) -> StoredResult:
        """Add a result whose files are in its folder, and remove the oldest above the limit."""
        folder = self._folder / info.id
        write_atomically(folder / INFO, info.model_dump_json().encode())
        result = StoredResult(info, folder)
        with self._lock:
            self._results[info.id] = result
            results = list(self._results.values())
        while len(results) > MAX_RESULTS or (len(results) > 1 and sum(each.bytes for each in results) > MAX_BYTES):
            self.remove(results.pop(0).info.id)
        return result

    def find(self, sha256: str) -> StoredResult | None:
        """Return the result whose PNG has this SHA-256, or None if there is none."""
        for result in reversed(self.all):
            with contextlib.suppress(FileNotFoundError), result.file("picture").open("rb") as data:  # deleted meanwhile
                if hashlib.file_digest(data, "sha256").hexdigest() == sha256:
                    return result
        return None

    def delete(self, result_id: str) -> bool:
        """Take a result away, and return whether it was there.

        Its files stay until another one is deleted, or `purge` is called after UNDO_SECONDS.
        """
        with self._lock:
            result = self._results.pop(result_id, None)
            if result is not None:
                (result.folder / INFO).rename(result.folder / DELETED_INFO)
        if result is not None:
            self.purge(0)
            self._deleted = result, time.monotonic()
        return result is not None

    def undelete(self) -> StoredResult | None:
        """Restore the result that was deleted last, at its place, and return it; None if there is none."""
        if self._deleted is None:
            return None
        (result, _), self._deleted = self._deleted, None
        with self._lock:
            (result.folder / DELETED_INFO).rename(result.folder / INFO)
            restored = sorted([*self._results.values(), result], key=lambda each: each.info.created)
            self._results = {each.info.id: each for each in restored}
        return result

    def purge(self, seconds: float = UNDO_SECONDS) -> None:
        """Delete the files of the result that was deleted last, if that was at least so many seconds ago."""
        if self._deleted is not None and time.monotonic() - self._deleted[1] >= seconds:
            shutil.rmtree(self._deleted[0].folder, ignore_errors=True)
            self._deleted = None

    def remove(self, result_id: str) -> bool:
        """Delete a result's files; return whether it was there."""
        with self._lock:
            result = self._results.pop(result_id, None)
        if result is not None:
            shutil.rmtree(result.folder, ignore_errors=True)
        return result is not None


def make_caption(request: PaintRequest, image: FinishedImage) -> str:
    """Return how a picture was painted, in words."""
    parts = [request.title]
    if isinstance(request.spec.content_loss, LuminanceContentLoss):
        parts.append(f"strength {request.spec.content_loss.strength:g}")
    parts += [f"{image.width} × {image.height}", f"seed {request.seed}", format_duration(image.seconds)]
    if image.interrupted:
        parts.append("stopped early")
    return ", ".join(parts)
