"""What happens when a visitor does something: chooses a picture, asks for one, stops, leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from barestyle.errors import BarestyleError
from barestyle.presets import preset
from barestyle.run import record as records
from barestyle.run.record import Record
from barestyle.spec import Spec
from barestyle.ui import choices
from barestyle.ui import form_values as settings
from barestyle.ui import image_inputs as slots
from barestyle.ui.errors import PageError, without_folder
from barestyle.ui.form_values import Settings
from barestyle.ui.image_inputs import IMAGE_INPUTS, ImageInput
from barestyle.ui.job_queue import CLOSING, JobQueue
from barestyle.ui.jobs import Job, PaintRequest
from barestyle.ui.limits import Limits
from barestyle.ui.sessions import PAGE_SECONDS, Session, Sessions

LOOK_SECONDS = 0.25
"""How often a job is looked at."""

SIGN_SECONDS = 1.0
"""How often something is said all the same: where it cannot be delivered, nobody is there any more."""

MOST = 4
"""Presets side by side."""

EARLIER = "as before"
"""The name, among the presets, of an earlier result's settings."""

T = TypeVar("T")


class Service:
    """The page's doings, without its looks: whatever is wrong is a BarestyleError."""

    def __init__(self, sessions: Sessions, job_queue: JobQueue, limits: Limits) -> None:
        self.sessions = sessions
        self.job_queue = job_queue
        self.limits = limits
        # One at a time: a large picture takes a gigabyte while it is read.
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="reader")

    def close(self) -> None:
        """Read nothing more."""
        self._reader.shutdown(wait=False, cancel_futures=True)

    async def _read(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._reader, work)

    def enter(self, session: str | None) -> None:
        """A page was opened; its browser will say when it is closed."""
        self.sessions.of(session).patience = PAGE_SECONDS

    async def pick(self, session: str | None, image_input: ImageInput, sent: Path) -> Path | None:
        """Take a picture that was sent; what to show of it, or None where another one came after it.

        Raises ImageError where it cannot be painted from.
        """
        session_data = self.sessions.of(session)
        shelf = session_data.new_shelf(image_input.name)
        return await self._picked(session_data, image_input, self.sessions.claim(sent, shelf), shelf)

    async def pick_sample(self, session: str | None, image_input: ImageInput, name: str) -> Path | None:
        """Take one of the pictures at hand; likewise."""
        session_data = self.sessions.of(session)
        return await self._picked(
            session_data, image_input, image_input.file(name), session_data.new_shelf(image_input.name)
        )

    async def _picked(self, session_data: Session, image_input: ImageInput, file: Path, shelf: Path) -> Path | None:
        try:
            small = await self._read(lambda: slots.preview(file, self.limits, shelf))
        except BarestyleError:
            if session_data.shelves.get(image_input.name) == shelf:
                raise
            return None
        if session_data.shelves.get(image_input.name) != shelf:
            return None
        session_data.picked[image_input.name] = file
        return small

    def put_back(self, session: str | None, image_input: ImageInput) -> None:
        """A picture was taken away again."""
        self.sessions.of(session).clear(image_input.name)

    async def ask(self, session: str | None, asked: Sequence[Settings], shown: Sequence[bool]) -> Job:
        """Stand in line with the chosen pictures; `shown` says for each slot whether the page shows one."""
        session_data = self.sessions.of(session)
        files = [
            self._file(session_data, image_input, one) for image_input, one in zip(IMAGE_INPUTS, shown, strict=True)
        ]
        return await self._begin(session_data, files, asked, watched=True)

    async def ask_with(self, session: str | None, sent: Sequence[Path], asked: Settings) -> Job:
        """Stand in line with pictures that were sent along."""
        session_data = self.sessions.of(session)
        files = [
            self.sessions.claim(file, session_data.new_shelf(image_input.name))
            for file, image_input in zip(sent, IMAGE_INPUTS, strict=True)
        ]
        return await self._begin(session_data, files, [asked], watched=False)

    async def _begin(
        self, session_data: Session, files: Sequence[Path], asked: Sequence[Settings], *, watched: bool
    ) -> Job:
        content, style = files
        requests = [
            PaintRequest(
                content, style, one.spec(self.limits), one.seed, one.title, f"-{one.base}" if len(asked) > 1 else ""
            )
            for one in asked
        ]
        job = self.sessions.begin(session_data, requests, watched=watched)
        try:
            await self._read(lambda: self.job_queue.ask(job))
        except BaseException:  # refused, or whoever asked has gone meanwhile
            self.sessions.forget(session_data, job)
            raise
        return job

    def _file(self, session_data: Session, image_input: ImageInput, is_shown: bool) -> Path:
        if image_input.name in session_data.picked:
            return session_data.picked[image_input.name]
        thing = image_input.label.lower()
        if is_shown:
            raise PageError(f"the connection was lost, and the {thing} with it; choose it again")
        raise PageError(f"there is no {thing} yet; drop one, or choose one of those below")

    def several(self, names: Sequence[str]) -> list[str]:
        """The presets to be seen side by side. Raises PageError where they are too few or too many."""
        if not 2 <= len(names) <= MOST:
            raise PageError(f"two, three or four manners can be seen side by side, not {len(names)}; choose again")
        return list(names)

    def base(self, session: str | None, name: str) -> str | Spec:
        """A preset's name as it is, or the spec of the earlier result whose settings were loaded."""
        if name != EARLIER:
            return name
        earlier = self.sessions.of(session).earlier
        if earlier is None:
            raise PageError("the connection was lost, and the earlier result with it; drop it again")
        return earlier

    def fitting(self, asked: Settings) -> Settings:
        """Settings without a strength where the base takes none: a slider always has some value."""
        base = preset(asked.base).spec if isinstance(asked.base, str) else asked.base
        return asked if choices.takes_strength(base) else replace(asked, strength=None)

    async def watch(self, session: str | None, job: Job) -> AsyncIterator[int]:
        """Its place in the line, whenever there is something new to see, until it is over.

        Whoever stops looking drops the job.
        """
        seen: object = None
        silent = 0.0
        try:
            while True:
                if self.job_queue.is_shut:
                    raise PageError(CLOSING)
                now = (job.view, self.job_queue.place(job))
                if now != seen or silent >= SIGN_SECONDS:
                    seen, silent = now, 0.0
                    yield now[1]
                if now[0].is_over:
                    return
                await asyncio.sleep(LOOK_SECONDS)
                silent += LOOK_SECONDS
        finally:
            self.sessions.touch(session)
            if not job.view.is_over:
                self.job_queue.drop(job)

    def stop(self, session: str | None) -> bool:
        """End what a visitor asked for, and keep what there is; whether there was anything."""
        running = [job for job in self.sessions.of(session).jobs if not job.view.is_over]
        for job in running:
            self.job_queue.stop(job)
        return bool(running)

    async def load(self, session: str | None, sent: Path) -> Settings:
        """The settings of an earlier result. Raises RecordError or PageError."""
        session_data = self.sessions.of(session)
        file = self.sessions.claim(sent, session_data.new_shelf("earlier"))
        found = settings.of_record(await self._read(lambda: _record(file)))
        session_data.earlier = found.base if isinstance(found.base, Spec) else None
        return found


def _record(file: Path) -> Record:
    try:
        return records.find(file)
    except BarestyleError as error:
        raise type(error)(without_folder(str(error), file)) from None
