"""The session of an API client: its uploads and jobs, removed when it is silent for too long."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from barestyle.ui.compute import PaintRequest
from barestyle.ui.jobs import Job

MAX_JOBS = 4
"""Jobs of a client whose results can still be downloaded."""

MAX_PICTURES = 8
"""Instant pictures of a client that can still be downloaded: as many as it may ask for at the same time."""

CLIENT_TIMEOUT = 3600.0
"""Seconds without a request after which the session ends."""


class ClientSession:
    """One API client.

    Attributes:
        folder: of everything that the client sent and received.
        jobs: the latest last.
        last_seen: time of the last request or update of a job, on the monotonic clock.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.jobs: list[Job] = []
        self.last_seen = time.monotonic()
        self._folder_count = 0
        self._folders: dict[Job, Path] = {}
        self._picture_folders: list[Path] = []

    def new_folder(self, name: str) -> Path:
        """Create an empty folder."""
        self._folder_count += 1
        folder = self.folder / f"{name}-{self._folder_count}"
        folder.mkdir(parents=True)
        return folder

    @contextmanager
    def picture_folder(self) -> Iterator[Path]:
        """Create an empty folder for an instant picture that is painted while entered.

        It is deleted after an exception. Otherwise the oldest is deleted if there are more than MAX_PICTURES; folders
        of pictures that are still painted do not count.
        """
        folder = self.new_folder("picture")
        try:
            yield folder
        except BaseException:  # including the cancellation when the client disconnects
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self._picture_folders.append(folder)
        while len(self._picture_folders) > MAX_PICTURES:
            shutil.rmtree(self._picture_folders.pop(0), ignore_errors=True)

    def create_job(self, request: PaintRequest, folder: Path) -> Job:
        """Create a job without preview frames, whose files are in a folder that `new_folder` created.

        The oldest job is removed if there are more than MAX_JOBS.
        """
        job = Job([request], lambda _request: folder, wants_frames=False)
        self._folders[job] = folder
        self.jobs.append(job)
        while len(self.jobs) > MAX_JOBS:
            self.remove_job(self.jobs[0])
        return job

    def remove_job(self, job: Job) -> None:
        """End a job and delete its files, unless it was removed before."""
        if job not in self.jobs:
            return
        self.jobs.remove(job)
        job.drop()
        shutil.rmtree(self._folders.pop(job), ignore_errors=True)

    def close(self) -> None:
        """End all jobs and delete all files."""
        for job in self.jobs:
            job.drop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def has_expired(self) -> bool:
        """Whether nothing was heard from the client for too long. A job that is watched counts as a sign."""
        return time.monotonic() - self.last_seen > CLIENT_TIMEOUT
