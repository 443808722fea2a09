"""The page's operations: choose a picture, start a job, follow it, stop it, load settings. No layout here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from barestyle.errors import BarestyleError
from barestyle.presets import preset
from barestyle.spec import Spec
from barestyle.ui.compute import PaintRequest
from barestyle.ui.errors import PageError
from barestyle.ui.form_values import Settings, read_settings
from barestyle.ui.image_inputs import IMAGE_INPUTS, ImageInput, write_preview
from barestyle.ui.job_queue import CLOSING, JobQueue
from barestyle.ui.job_status import JobStatus
from barestyle.ui.jobs import Job
from barestyle.ui.limits import Limits
from barestyle.ui.looks import has_strength
from barestyle.ui.sessions import PAGE_TIMEOUT, Session, Sessions

KEEPALIVE_SECONDS = 1.0
"""Longest time between two updates of a job. An update that cannot be delivered shows that the client is gone."""

MAX_LOOKS = 4
"""Looks that can be painted side by side."""

LOADED = "loaded settings"
"""The value in the list of presets that stands for the settings of an earlier result."""

T = TypeVar("T")


class Service:
    """The operations of the page and of the API. A request that is refused raises a BarestyleError.

    A session belongs to one open page or one API client; its id is what gradio calls the session hash.
    """

    def __init__(self, sessions: Sessions, job_queue: JobQueue, limits: Limits) -> None:
        self.sessions = sessions
        self.job_queue = job_queue
        self.limits = limits
        # One thread only: a large picture takes a gigabyte while it is read.
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="reader")

    def close(self) -> None:
        """Read no more files."""
        self._reader.shutdown(wait=False, cancel_futures=True)

    def open_page(self, session_id: str | None) -> None:
        """Start the session of a page in a browser, which may be silent for longer than an API client."""
        self.sessions.get(session_id).timeout = PAGE_TIMEOUT

    async def choose_upload(self, session_id: str | None, image_input: ImageInput, upload: Path) -> Path | None:
        """Link an uploaded file into the session as the picture of an input, and return its preview.

        Return None if another picture was chosen before this one was read. Raise ImageError if it cannot be read.
        """
        session = self.sessions.get(session_id)
        upload_dir = session.replace_upload_dir(image_input.name)
        file = self.sessions.claim_upload(upload, upload_dir)
        return await self._choose(session, image_input, file, upload_dir)

    async def choose_sample(self, session_id: str | None, image_input: ImageInput, name: str) -> Path | None:
        """Use a sample's own file as the picture of an input; returns and raises what `choose_upload` does."""
        session = self.sessions.get(session_id)
        upload_dir = session.replace_upload_dir(image_input.name)
        return await self._choose(session, image_input, image_input.sample_file(name), upload_dir)

    async def _choose(self, session: Session, image_input: ImageInput, file: Path, upload_dir: Path) -> Path | None:
        def is_latest() -> bool:
            return session.upload_dirs.get(image_input.name) == upload_dir

        try:
            preview = await self._run_in_reader(lambda: write_preview(file, self.limits, upload_dir))
        except BarestyleError:
            if is_latest():
                raise
            return None
        if not is_latest():
            return None
        session.files[image_input.name] = file
        return preview

    def clear_input(self, session_id: str | None, image_input: ImageInput) -> None:
        """Remove the picture of an input."""
        self.sessions.get(session_id).clear_input(image_input.name)

    def create_job(self, session_id: str | None, settings: Sequence[Settings], has_picture: Sequence[bool]) -> Job:
        """Create a job that paints the chosen pictures with each of the settings; it may end the session's oldest job.

        `has_picture` says for each input whether the page shows a picture in it. Raise PageError if a picture is
        missing, and SpecError for settings that cannot be used.
        """
        session = self.sessions.get(session_id)
        files = [
            self._get_chosen_file(session, image_input, is_shown)
            for image_input, is_shown in zip(IMAGE_INPUTS, has_picture, strict=True)
        ]
        return session.create_job(self._make_requests(files, settings))

    def create_job_from_uploads(self, session_id: str | None, uploads: Sequence[Path], settings: Settings) -> Job:
        """Create a job that paints uploaded files, in the order of IMAGE_INPUTS, without preview frames."""
        session = self.sessions.get(session_id)
        files = [
            self.sessions.claim_upload(upload, session.replace_upload_dir(image_input.name))
            for upload, image_input in zip(uploads, IMAGE_INPUTS, strict=True)
        ]
        return session.create_job(self._make_requests(files, [settings]), wants_frames=False)

    async def enqueue(self, session_id: str | None, job: Job) -> None:
        """Read the job's pictures and append it to the queue. If that is refused, raise and remove the job."""
        session = self.sessions.get(session_id)
        try:
            await self._run_in_reader(lambda: self.job_queue.add(job))
        except BaseException:  # including the cancellation when the client disconnects
            session.remove_job(job)
            raise

    def _make_requests(self, files: Sequence[Path], settings: Sequence[Settings]) -> list[PaintRequest]:
        content, style = files
        return [
            PaintRequest(
                content,
                style,
                chosen.spec(self.limits),
                chosen.seed,
                chosen.title,
                suffix=f"-{chosen.base}" if len(settings) > 1 else "",
            )
            for chosen in settings
        ]

    def _get_chosen_file(self, session: Session, image_input: ImageInput, is_shown: bool) -> Path:
        if image_input.name in session.files:
            return session.files[image_input.name]
        label = image_input.label.lower()
        if is_shown:
            raise PageError(f"the connection was lost and the {label} with it; choose it again")
        raise PageError(f"choose a {label} first; there are samples below its box")

    async def _run_in_reader(self, task: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._reader, task)

    def check_look_count(self, looks: Sequence[str]) -> None:
        """Raise PageError if these are too few or too many looks to paint side by side."""
        if not 2 <= len(looks) <= MAX_LOOKS:
            raise PageError(f"choose 2 to {MAX_LOOKS} looks")

    def resolve_base(self, session_id: str | None, name: str) -> str | Spec:
        """Return the preset's name, or for LOADED the spec of the result whose settings were loaded."""
        if name != LOADED:
            return name
        spec = self.sessions.get(session_id).loaded_spec
        if spec is None:
            raise PageError("the connection was lost and the loaded settings with it; load them again")
        return spec

    def drop_unused_strength(self, settings: Settings) -> Settings:
        """Return the settings without a strength if their look has none: the page's slider always has a value."""
        spec = preset(settings.base).spec if isinstance(settings.base, str) else settings.base
        return settings if has_strength(spec) else replace(settings, strength=None)

    async def watch(self, session_id: str | None, job: Job) -> AsyncIterator[tuple[JobStatus, int]]:
        """Yield the job's status and its position in the queue whenever one of them changes, until the job is over.

        Yield at least every KEEPALIVE_SECONDS. If the iteration is abandoned, the job is stopped without its
        unfinished picture, but stays in the session. Raise PageError if
        the server shuts down.
        """
        clock = asyncio.get_running_loop().time
        latest: tuple[JobStatus, int] | None = None
        deadline = 0.0
        try:
            with self.job_queue.changes.subscribe() as changes:
                while True:
                    if self.job_queue.is_shut_down:
                        raise PageError(CLOSING)
                    update = job.status, self.job_queue.find_position(job)
                    if update != latest or clock() >= deadline:
                        latest, deadline = update, clock() + KEEPALIVE_SECONDS
                        self.sessions.touch(session_id)
                        yield update
                    if update[0].is_over:
                        return
                    await changes.wait(deadline - clock())
        finally:
            if not job.status.is_over:
                job.drop()

    def stop(self, session_id: str | None) -> bool:
        """Stop the session's jobs. Return whether there were any to stop.

        The job that is being painted keeps its best picture so far; those that wait are canceled.
        """
        unfinished = [job for job in self.sessions.get(session_id).jobs if not job.status.is_over]
        for job in unfinished:
            job.stop()
        return bool(unfinished)

    async def load_settings(self, session_id: str | None, upload: Path) -> Settings:
        """Return the settings of an earlier result, and keep its spec for `resolve_base` if no preset has it.

        Raise RecordError or PageError.
        """
        session = self.sessions.get(session_id)
        file = self.sessions.claim_upload(upload, session.replace_upload_dir("earlier"))
        settings = await self._run_in_reader(lambda: read_settings(file))
        session.loaded_spec = settings.base if isinstance(settings.base, Spec) else None
        return settings
