"""Sessions: the folder, the chosen pictures and the jobs of each open page, all removed when it is closed."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from barestyle.spec import Spec
from barestyle.ui.compute import PaintRequest
from barestyle.ui.errors import PageError
from barestyle.ui.jobs import Job

MAX_JOBS = 4
"""Jobs of a session whose results can still be downloaded."""

CLIENT_TIMEOUT = 3600.0
"""Seconds without a request after which the session of an API client ends."""

PAGE_TIMEOUT = 24 * 3600.0
"""The same for a page in a browser, which reports when it is closed."""

CLAIMED_SECONDS = 10.0
"""Grace period before a claimed upload is deleted; another client may still be sending the same file."""

UNCLAIMED_SECONDS = 900.0
"""Time after which an upload that was never used is deleted."""

PARTIAL_SECONDS = 60.0
"""Time without new data after which an unfinished upload is deleted."""


@dataclass
class Session:
    """One open page, or one API client.

    Attributes:
        folder: of everything below.
        files: the chosen pictures, by the name of their input: content and style.
        upload_dirs: for each input, the folder of its picture and preview.
        loaded_spec: the spec of an earlier result whose settings were loaded, if it is not a preset's.
        jobs: the latest last.
        last_seen: time of the last request or update of a job, on the monotonic clock.
        timeout: seconds without a request after which the session ends.
        folder_count: folders that were created so far.
    """

    folder: Path
    files: dict[str, Path] = field(default_factory=dict)
    upload_dirs: dict[str, Path] = field(default_factory=dict)
    loaded_spec: Spec | None = None
    jobs: list[Job] = field(default_factory=list)
    last_seen: float = field(default_factory=time.monotonic)
    timeout: float = CLIENT_TIMEOUT
    folder_count: int = 0

    def replace_upload_dir(self, input_name: str) -> Path:
        """Create an empty folder for an input's next picture, and remove the one before with its files."""
        self.clear_input(input_name)
        self.upload_dirs[input_name] = self.new_folder(input_name)
        return self.upload_dirs[input_name]

    def clear_input(self, input_name: str) -> None:
        """Remove an input's picture. Jobs are not affected: they have links of their own to the file."""
        self.files.pop(input_name, None)
        if input_name in self.upload_dirs:
            shutil.rmtree(self.upload_dirs.pop(input_name), ignore_errors=True)

    def new_folder(self, name: str) -> Path:
        """Create an empty folder."""
        self.folder_count += 1
        folder = self.folder / f"{name}-{self.folder_count}"
        folder.mkdir(parents=True)
        return folder

    def create_job(self, requests: list[PaintRequest], *, wants_frames: bool = True) -> Job:
        """Create a job with links to its pictures in its own folder, so that the inputs may change meanwhile.

        The oldest job is removed if there are more than MAX_JOBS.
        """
        folder = self.new_folder("job")
        contents = {request.content: link_file(request.content, folder / "content") for request in requests}
        styles = {request.style: link_file(request.style, folder / "style") for request in requests}
        linked = [
            replace(request, content=contents[request.content], style=styles[request.style]) for request in requests
        ]
        job = Job(linked, folder, wants_frames=wants_frames)
        self.jobs.append(job)
        while len(self.jobs) > MAX_JOBS:
            self.remove_job(self.jobs[0])
        return job

    def remove_job(self, job: Job) -> None:
        """End a job and delete its files."""
        if job in self.jobs:
            self.jobs.remove(job)
        job.drop()
        shutil.rmtree(job.folder, ignore_errors=True)

    def close(self) -> None:
        """End all jobs and delete all files."""
        for job in self.jobs:
            job.drop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def has_expired(self) -> bool:
        """Whether nothing was heard from the client for too long. A job that is watched counts as a sign."""
        return time.monotonic() - self.last_seen > self.timeout


class Sessions:
    """All sessions by their id, which clients choose, and which therefore is never used as a path.

    `root` is also the folder where gradio stores uploads. Only the server's event loop may use this object.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._sessions: dict[str, Session] = {}
        self._claimed: set[Path] = set()
        self._session_root = root / "sessions"
        self._session_root.mkdir()

    def __len__(self) -> int:
        return len(self._sessions)

    def get(self, session_id: str | None) -> Session:
        """Return a session, and create it if it is new. Raise PageError if a client sends no id."""
        if not session_id:
            raise PageError("the request has no session_hash; use gradio_client, or send any text")
        session = self._sessions.setdefault(session_id, Session(self._session_root / secrets.token_hex(8)))
        session.last_seen = time.monotonic()
        return session

    def touch(self, session_id: str | None) -> None:
        """Note that a client was heard from, unless its session has ended."""
        if session_id in self._sessions:
            self._sessions[session_id].last_seen = time.monotonic()

    def end(self, session_id: str | None) -> None:
        """End a session, if there is one: its jobs end and its files are deleted."""
        session = self._sessions.pop(session_id or "", None)
        if session is not None:
            session.close()

    def claim_upload(self, upload: Path, folder: Path) -> Path:
        """Link an uploaded file into a session's folder. Raise PageError if it was not uploaded or is gone."""
        upload = Path(os.path.abspath(upload))
        if self.root not in upload.parents or self._session_root in upload.parents:
            raise PageError(f"{upload.name!r} was not uploaded to this page; upload it")
        try:
            linked = link_file(upload, folder)
        except FileNotFoundError:
            raise PageError(f"{upload.name!r} was deleted after a while; upload it again") from None
        self._claimed.add(upload)
        return linked

    def clean_up(self) -> None:
        """End sessions that have timed out, and delete uploads that are not needed any more."""
        for session_id, session in list(self._sessions.items()):
            if session.has_expired:
                self.end(session_id)
        for path in self.root.iterdir():
            if path != self._session_root:
                for file in [path, *path.rglob("*")]:
                    self._delete_if_old(file)

    def _delete_if_old(self, file: Path) -> None:
        """Delete an upload if its time is over, and the folders that it leaves empty."""
        if not file.is_file():
            return
        is_partial = file.parent == self.root
        max_age = PARTIAL_SECONDS if is_partial else CLAIMED_SECONDS if file in self._claimed else UNCLAIMED_SECONDS
        if time.time() - file.stat().st_mtime <= max_age:
            return
        file.unlink()
        self._claimed.discard(file)
        for folder in file.parents:
            if folder == self.root or any(folder.iterdir()):
                break
            folder.rmdir()


def link_file(file: Path, folder: Path) -> Path:
    """Create a hard link to a file in `folder`, or a copy if the file system has no links."""
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / file.name
    if link.exists() and link.samefile(file):
        return link
    try:
        os.link(file, link)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(file, link)
    return link
