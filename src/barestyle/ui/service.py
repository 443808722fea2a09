"""The operations of the API: create a job from uploads, follow it, stop it. No endpoints here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from barestyle.ui.client_session import ClientSession
from barestyle.ui.compute import PaintRequest, StyleFile
from barestyle.ui.errors import PageError
from barestyle.ui.form import shorten
from barestyle.ui.form_values import Settings
from barestyle.ui.job_queue import CLOSING, JobQueue
from barestyle.ui.job_status import JobStatus
from barestyle.ui.jobs import Job
from barestyle.ui.limits import Limits
from barestyle.ui.page_session import PageSession
from barestyle.ui.sessions import Sessions
from barestyle.ui.uploads import link_file

KEEPALIVE_SECONDS = 1.0
"""Longest time between two updates of a job. An update that cannot be delivered shows that the client is gone."""

T = TypeVar("T")


class Service:
    """The operations of the API, and what the page has in common with it. Refused requests raise a BarestyleError.

    A client's session id is what gradio calls the session hash.
    """

    def __init__(self, sessions: Sessions, job_queue: JobQueue, limits: Limits) -> None:
        self.sessions = sessions
        self.job_queue = job_queue
        self.limits = limits
        # One thread only: a large picture takes a gigabyte while it is read.
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="reader")

    def close(self) -> None:
        """Read no more files, and end all sessions."""
        self._reader.shutdown(wait=False, cancel_futures=True)
        self.sessions.close()

    def create_job(self, session_id: str | None, uploads: Sequence[Path], settings: Settings) -> Job:
        """Create a job that paints an uploaded photo in the style of an uploaded picture, without preview frames.

        It may end the session's oldest job.
        """
        session = self.sessions.get_client(session_id)
        spec = settings.spec(self.limits)
        claimed = [self.sessions.claim_upload(upload) for upload in uploads]
        folder = session.new_folder("job")
        content, style = (
            link_file(file, folder / name) for file, name in zip(claimed, ("content", "style"), strict=True)
        )
        name = f"{shorten(content.stem)}-{shorten(style.stem)}"
        request = PaintRequest(content, (StyleFile(style),), spec, settings.seed, settings.title, name)
        return session.create_job(request, folder)

    async def enqueue(self, session: ClientSession | PageSession, job: Job) -> None:
        """Read the job's pictures and append it to the queue. If that is refused, raise and remove the job."""
        try:
            await self.run_in_reader(lambda: self.job_queue.add(job))
        except BaseException:  # including the cancellation when the client disconnects
            session.remove_job(job)
            raise

    async def run_in_reader(self, task: Callable[[], T]) -> T:
        """Run a task that reads pictures in the thread for that. Raise PageError if the server shuts down."""
        if self.job_queue.is_shut_down:
            raise PageError(CLOSING)
        return await asyncio.get_running_loop().run_in_executor(self._reader, task)

    async def watch(self, session_id: str | None, job: Job) -> AsyncIterator[tuple[JobStatus, int]]:
        """Yield the job's status and its position in the queue whenever one of them changes, until the job is over.

        Yield at least every KEEPALIVE_SECONDS. If the iteration is abandoned, the job is stopped without its
        unfinished picture, but stays in the session. Raise PageError if the server shuts down.
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
        """Stop the client's jobs. Return whether there were any to stop.

        The job that is being painted keeps its best picture so far; those that wait are canceled.
        """
        unfinished = [job for job in self.sessions.get_client(session_id).jobs if not job.status.is_over]
        for job in unfinished:
            job.stop()
        return bool(unfinished)

    def make_way(self) -> None:
        """Stop the jobs of browsers whose page is closed, if others wait; their best pictures so far are kept."""
        for session in self.sessions.pages:
            jobs = session.unfinished_jobs
            if jobs and session.is_absent and self.job_queue.has_other_work(jobs):
                for job in jobs:
                    job.stop()
