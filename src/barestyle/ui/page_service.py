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
from barestyle.run.record import Input
from barestyle.spec import Spec
from barestyle.ui import page_state, previews
from barestyle.ui.compute import PaintRequest
from barestyle.ui.crop import Crop
from barestyle.ui.errors import PageError
from barestyle.ui.estimates import Estimator
from barestyle.ui.form import LOADED, MAX_STYLES, Form, Regions, make_request
from barestyle.ui.form_values import Settings, get_default_strength, read_record, settings_from_record
from barestyle.ui.jobs import Job
from barestyle.ui.library import Entry, Library
from barestyle.ui.page_options import describe_page
from barestyle.ui.page_session import PageSession
from barestyle.ui.picture_store import ID_LENGTH, PictureInfo, require
from barestyle.ui.regions import Samples, make_layer, write_masks
from barestyle.ui.result_store import StoredResult
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
        chosen = {picture_id: self.describe_picture(session, picture_id) for picture_id in session.form.picture_ids}
        known = {picture_id: info.model_dump() for picture_id, info in chosen.items() if info is not None}
        return {
            **describe_page(self.service.limits),
            "form": form.model_dump(mode="json"),
            "pictures": known,
            "photos": [_describe_entry(entry) for entry in self.library.photos],
            "styles": styles,
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
            )
            for single in form.expand()
        ]

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

    def stop(self, session: PageSession) -> None:
        """Stop the job that is painted, or else the next one. It keeps its best picture so far."""
        current = page_state.find_current_job(session)
        if current is not None and not current.status.is_over:
            current.stop()

    def change_queue(self, session: PageSession, number: int, action: str) -> None:
        """Move a waiting job up, or drop a job, by its number; nothing happens if it is over."""
        job = next((job for job in session.unfinished_jobs if job.number == number), None)
        if job is not None and action == "up":
            self.service.job_queue.move_up(job, session.jobs)
        elif job is not None and action == "drop":
            job.stop()

    def delete(self, session: PageSession, result_id: str) -> None:
        """Delete a result, if it is there."""
        session.results.remove(result_id)
        self.service.job_queue.changes.notify()

    def get_result(self, session: PageSession, result_id: str) -> StoredResult:
        """Return a result. Raise PageError if it was deleted."""
        result = session.results.get(result_id)
        if result is None:
            raise PageError("this picture was deleted")
        return result

    async def load_record(self, session: PageSession, upload: Path, form: Form) -> tuple[Form, str]:
        """Return a form with the settings of an uploaded result, and a sentence on pictures that are not here.

        Pictures that the session or the library has are chosen. Raise RecordError or PageError.
        """
        link = link_file(self.service.sessions.claim_upload(upload), session.folder / "earlier")
        try:
            record = await self.service.run_in_reader(lambda: read_record(link))
        finally:
            link.unlink(missing_ok=True)
        form = merge_settings(form, settings_from_record(record), self.service.limits.max_size)
        missing: list[str] = []
        photo, *pictures = await self.service.run_in_reader(
            lambda: [self._find_picture(session, each, missing) for each in (record.content, *record.styles)]
        )
        styles = [
            {"picture": picture, "weight": style.weight}
            for picture, style in zip(pictures, record.styles, strict=True)
            if picture
        ][:MAX_STYLES]
        changes = {"photo": photo or form.photo, "styles": styles or form.styles, "stroke": record.spec.style_scale}
        them = "it" if len(missing) == 1 else "them"
        note = f"It was made from {' and '.join(missing)}; choose {them} to repeat it." if missing else ""
        return replace_fields(form, changes), note

    def _find_picture(self, session: PageSession, source: Input, missing: list[str]) -> str:
        """Return the id of a record's picture; if it is not here, add its name to the missing ones and return ""."""
        stored = session.pictures.get(source.sha256[:ID_LENGTH])
        entry = self.library.find(source.sha256)
        if stored is None and entry is None:
            missing.append(Path(source.path).name if source.path else "a picture in memory")
            return ""
        return entry.id if entry is not None else source.sha256[:ID_LENGTH]

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


def merge_settings(form: Form, settings: Settings, max_size: int) -> Form:
    """Return the form with the settings of an earlier result; its pictures stay."""
    spec = settings.base if isinstance(settings.base, Spec) else None
    strength = get_default_strength() if settings.strength is None else settings.strength
    changes = {
        "look": LOADED if isinstance(settings.base, Spec) else settings.base,
        "spec": None if spec is None else spec.model_dump(mode="json"),
        "strength": strength,
        "colors": settings.colors or form.colors,
        "size": min(settings.size or form.size, max_size),
        "seed": str(settings.seed),
        "vary": "nothing",
    }
    return replace_fields(form, changes)


def replace_fields(form: Form, changes: Mapping[str, Any]) -> Form:
    """Return the form with some fields changed, and checked. Raise SpecError."""
    return Form(**{**form.model_dump(), **changes})
