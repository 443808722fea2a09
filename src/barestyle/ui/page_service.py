"""The operations of the page: open it, choose pictures, paint, stop, enlarge, delete. No layout here."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from barestyle.errors import BarestyleError
from barestyle.images import target_size
from barestyle.run.record import Record
from barestyle.ui import page_state, previews
from barestyle.ui.compute import PaintRequest
from barestyle.ui.crop import Crop
from barestyle.ui.earlier_paintings import fill_instant_form, read_painting
from barestyle.ui.earlier_results import fill_form, replace_fields
from barestyle.ui.errors import PageError
from barestyle.ui.estimates import Estimator
from barestyle.ui.form import RESULT_START, Form, Regions, make_request
from barestyle.ui.form_values import read_record
from barestyle.ui.jobs import Job
from barestyle.ui.library import Entry, Library
from barestyle.ui.page_options import describe_page
from barestyle.ui.page_session import PageSession
from barestyle.ui.picture_store import PictureInfo, require
from barestyle.ui.regions import Samples, make_layer, write_masks
from barestyle.ui.result_store import StoredResult
from barestyle.ui.saved_looks import SavedLook, save_look
from barestyle.ui.service import KEEPALIVE_SECONDS, Service
from barestyle.ui.uploads import link_file, read_upload


class PageService:
    """The operations of the page. Refused requests raise a BarestyleError.

    Attributes:
        service: the sessions, the queue and the limits.
        library: the pictures that every session can choose.
    """

    def __init__(self, service: Service, library: Library) -> None:
        self.service = service
        self.library = library
        self._estimator = Estimator(service.job_queue.compute)

    def get_session(self, session_id: str | None) -> PageSession:
        """Return the session of a browser. Raise PageError without an id."""
        return self.service.sessions.get_page(session_id)

    async def open_page(self, session: PageSession) -> dict[str, Any]:
        """Return what the page needs once: the form, its pictures, and the library."""
        return await self.service.run_in_reader(lambda: self._describe_page(session))

    def _describe_page(self, session: PageSession) -> dict[str, Any]:
        form = session.form.model_copy(update={"size": min(session.form.size, self.service.limits.max_size)})
        styles = [_describe_entry(entry) for entry in self.library.styles]
        likes = {entry["like"] for entry in session.trained_styles.describe()} - {""}
        ids = session.form.picture_ids | likes
        chosen = {picture_id: self.describe_picture(session, picture_id) for picture_id in ids}
        known = {picture_id: info.model_dump() for picture_id, info in chosen.items() if info is not None}
        return {
            **describe_page(self.service.limits),
            "form": form.model_dump(mode="json"),
            "pictures": known,
            "photos": [_describe_entry(entry) for entry in self.library.photos],
            "styles": styles,
            "trained_styles": session.trained_styles.describe(),
            "saved_looks": [look.model_dump() for look in session.looks],
            "uploads": [picture.info.model_dump() for picture in session.pictures.all],
        }

    async def follow(self, session: PageSession, seen: Mapping[str, str]) -> dict[str, Any]:
        """Return the parts of the session that differ from what the page has seen, as soon as there are any.

        Return an empty dictionary after KEEPALIVE_SECONDS without a change, which tells the page that the server lives.
        """
        job_queue = self.service.job_queue
        clock = asyncio.get_running_loop().time
        deadline = clock() + KEEPALIVE_SECONDS
        with job_queue.changes.subscribe() as changes:
            while not job_queue.is_shut_down:
                parts = page_state.describe_session(session, job_queue)
                selected = page_state.select_changes(parts, seen)
                if selected or clock() >= deadline:
                    session.touch()  # the page was open until now
                    return selected
                await changes.wait(deadline - clock())
        return {}

    async def add_picture(self, session: PageSession, upload: Path) -> PictureInfo:
        """Store an uploaded picture in the session. Raise ImageError or PageError if it cannot be used."""
        claimed = self.service.sessions.claim_upload(upload)
        stored = await self.service.run_in_reader(lambda: session.pictures.add(claimed, self.service.limits))
        return stored.info

    async def choose(self, session: PageSession, picture_id: str) -> PictureInfo:
        """Return what the page shows of a picture. Raise PageError, or ImageError if it cannot be read."""
        entry = self.library.get(picture_id)
        if entry is None:
            return require(session.pictures.get(picture_id)).info
        return await self.service.run_in_reader(lambda: self.library.describe(entry))

    async def crop(self, session: PageSession, crop: Crop) -> PictureInfo:
        """Store a part of a picture; one that changes nothing is the picture itself. Raise PageError or ImageError."""
        original = await self.choose(session, crop.source)
        crop.check_inside(original.width, original.height)
        if crop.is_whole(original.width, original.height):
            return original
        file, limits = self.find_file(session, crop.source), self.service.limits
        return (await self.service.run_in_reader(lambda: session.pictures.add_crop(file, crop, limits))).info

    def describe_picture(self, session: PageSession, picture_id: str) -> PictureInfo | None:
        """Return what the page shows of a picture, or None if it is not there any more."""
        entry = self.library.get(picture_id)
        if entry is not None:
            with contextlib.suppress(BarestyleError):  # a file that was changed or removed meanwhile
                return self.library.describe(entry)
        stored = session.pictures.get(picture_id)
        return stored.info if stored is not None else None

    def find_file(self, session: PageSession, picture_id: str) -> Path:
        """Return the file of a picture's id. Raise PageError if it is not there."""
        entry = self.library.get(picture_id)
        return entry.file if entry is not None else require(session.pictures.get(picture_id)).file

    def make_requests(self, session: PageSession, form: Form) -> list[PaintRequest]:
        """Return the requests of a form. Raise SpecError or PageError."""
        return [
            make_request(
                single,
                lambda picture_id: self.find_file(session, picture_id),
                self.service.limits,
                _find_regions(session, single),
                self._find_start(session, single),
            )
            for single in form.expand()
        ]

    def _find_start(self, session: PageSession, form: Form) -> Path | None:
        """Return the file of the result that a picture starts from, if it does. Raise PageError if it was deleted."""
        if not form.start.startswith(RESULT_START):
            return None
        result = session.results.get(form.start.removeprefix(RESULT_START))
        if result is None:
            raise PageError("the picture to start from was deleted; choose another start under More options")
        return result.file("picture")

    async def paint(self, session: PageSession, form: Form) -> Job | None:
        """Queue a job for the form; return None if an equal one is not over yet. Raise a BarestyleError."""
        session.save_form(form)
        return await self._enqueue(session, self.make_requests(session, form))

    async def enlarge(self, session: PageSession, result_id: str, size: int) -> Job | None:
        """Queue a job that paints a result again, with a long side of `size` pixels. Raise a BarestyleError."""
        form = replace_fields(Form(**self.get_result(session, result_id).info.form), {"size": size})
        return await self._enqueue(session, self.make_requests(session, form))

    async def _enqueue(self, session: PageSession, requests: list[PaintRequest]) -> Job | None:
        forms = [request.form for request in requests]
        if any([request.form for request in job.requests] == forms for job in session.unfinished_jobs):
            return None  # a second click
        job = session.create_job(requests)
        await self.service.enqueue(session, job)
        self.service.job_queue.changes.notify()
        return job

    async def estimate_form(self, session: PageSession, form: Form) -> dict[str, Any]:
        """Return what the form's pictures will take, and the time of each look with its other values."""

        def describe() -> dict[str, Any]:
            find = functools.partial(self.describe_picture, session)
            return {
                "estimate": self._estimator.describe_form(form, find),
                "looks": self._estimator.describe_looks(form, find),
            }

        return await self.service.run_in_reader(describe)

    async def estimate_sizes(self, session: PageSession, result_id: str, sizes: list[int]) -> dict[str, str]:
        """Return what a result takes at larger sizes, the long sides in pixels, by size. Raise PageError."""
        form = Form(**self.get_result(session, result_id).info.form)
        find = functools.partial(self.describe_picture, session)
        return await self.service.run_in_reader(lambda: self._estimator.describe_sizes(form, sizes, find))

    def change_queue(self, session: PageSession, number: int, action: str) -> None:
        """Move a waiting job up, or stop a job, by its number; nothing happens if it is over.

        A job that is painted keeps its best picture so far; one that waits is not painted.
        """
        job = next((job for job in session.unfinished_jobs if job.number == number), None)
        if job is not None and action == "up":
            self.service.job_queue.move_up(job, session.jobs)
        elif job is not None and action == "stop":
            job.stop()

    def delete(self, session: PageSession, result_id: str) -> None:
        """Delete a result, if it is there; until the next one is deleted, `undelete` restores it."""
        session.results.delete(result_id)
        self.service.job_queue.changes.notify()

    def undelete(self, session: PageSession) -> str:
        """Restore the result that was deleted last, and return its id. Raise PageError if there is none."""
        result = session.results.undelete()
        if result is None:
            raise PageError("the picture that was deleted is not there any more")
        self.service.job_queue.changes.notify()
        return result.info.id

    def get_result(self, session: PageSession, result_id: str) -> StoredResult:
        """Return a result. Raise PageError if it was deleted."""
        result = session.results.get(result_id)
        if result is None:
            raise PageError("this picture was deleted")
        return result

    async def load_record(self, session: PageSession, upload: Path, form: Form) -> tuple[Form, str]:
        """Return a form with the settings of an uploaded result, and a sentence on pictures that are not here.

        Raise RecordError or PageError.
        """
        link = link_file(self.service.sessions.claim_upload(upload), session.folder / "earlier")
        try:
            record = await self.service.run_in_reader(lambda: read_painting(link) or read_record(link))
        finally:
            link.unlink(missing_ok=True)
        max_size = self.service.limits.max_size
        return await self.service.run_in_reader(
            lambda: (
                fill_form(form, record, session, self.library, max_size)
                if isinstance(record, Record)
                else fill_instant_form(form, record, session, self.library, max_size)
            )
        )

    def save_look(self, session: PageSession, name: str, form: Form) -> list[SavedLook]:
        """Save the look of a form under a name, and return all saved looks. Raise PageError."""
        session.save_looks(save_look(session.looks, name, form))
        return session.looks

    def delete_look(self, session: PageSession, name: str) -> list[SavedLook]:
        """Delete a saved look, if it is there, and return the others."""
        session.save_looks([look for look in session.looks if look.name != name])
        return session.looks

    async def read_map(self, session: PageSession, upload: Path, photo: str) -> Samples:
        """Return the colored layer (H, W, 4) of an uploaded mask, at the size of the photo's preview."""
        claimed = self.service.sessions.claim_upload(upload)
        width, height = await self.preview_size(session, photo)
        limits = self.service.limits
        return await self.service.run_in_reader(lambda: make_layer(read_upload(claimed, limits), height, width))

    async def read_preview(self, session: PageSession, picture_id: str) -> Samples:
        """Return a picture's preview as an array (H, W, 3). Raise PageError if it is not there."""

        def decode() -> Samples:
            entry = self.library.get(picture_id)
            data = require(session.pictures.get(picture_id)).preview.read_bytes() if entry is None else None
            with Image.open(io.BytesIO(self.library.preview(entry) if entry is not None else data or b"")) as image:
                return np.asarray(image.convert("RGB"))

        return await self.service.run_in_reader(decode)

    async def preview_size(self, session: PageSession, picture_id: str) -> tuple[int, int]:
        """Return width and height of a picture's preview. Raise PageError if no picture is chosen."""
        if not picture_id:
            raise PageError("choose a photo first; regions are painted on it")
        info = await self.choose(session, picture_id)
        if max(info.width, info.height) <= previews.INPUT_SIDE:
            return info.width, info.height
        height, width = target_size(info.height, info.width, previews.INPUT_SIDE)
        return width, height


def _find_regions(session: PageSession, form: Form) -> Regions | None:
    """Return the masks of the form's painted regions, if it has any. Raise PageError."""
    if not form.regions:
        return None
    layer = session.load_regions(form.regions)
    if layer is None:
        raise PageError("the painted regions are not on the server any more; paint them again")
    count = len(form.styles)
    return write_masks(layer, count, session.regions_folder(form.regions) / f"{count}-styles")


def _describe_entry(entry: Entry) -> dict[str, str]:
    return {"id": entry.id, "title": entry.title}
