"""Who is on the page: a folder, pictures and jobs for each, all gone when they are."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from barestyle.spec import Spec
from barestyle.ui.errors import PageError
from barestyle.ui.job_queue import JobQueue
from barestyle.ui.jobs import Job, PaintRequest

KEPT_JOBS = 4
"""Results of earlier jobs that a visitor can still download."""

CLIENT_SECONDS = 3600.0
"""A client's visit without a sign of life, whose end nobody told, is over after this."""

PAGE_SECONDS = 24 * 3600.0
"""A page's visit likewise: who has one open may have gone for lunch."""

CLAIMED_SECONDS = 10.0
"""So long a file stays where it arrived once it has a place of its own: somebody else may be sending the same one."""

UNCLAIMED_SECONDS = 900.0
"""So long a file that was sent may lie about without being used."""

UNFINISHED_SECONDS = 60.0
"""So long a file that is being sent may not grow: its sender has gone."""


@dataclass
class Session:
    """One open page, or one client: its folder, and what was chosen and asked for in it.

    Attributes:
        picked: the files of the chosen pictures, by slot: content and style.
        shelves: the folders in which they lie, and what is shown of them.
        earlier: the spec of an earlier result whose settings were loaded, where it is no preset's.
        jobs: those asked for, the latest last.
        seen: when it last gave a sign of life, in seconds of the monotonic clock.
        patience: seconds without one after which it is over.
    """

    folder: Path
    picked: dict[str, Path] = field(default_factory=dict)
    shelves: dict[str, Path] = field(default_factory=dict)
    earlier: Spec | None = None
    jobs: list[Job] = field(default_factory=list)
    seen: float = field(default_factory=time.monotonic)
    patience: float = CLIENT_SECONDS
    made: int = 0

    def new_shelf(self, image_input: str) -> Path:
        """An empty folder for a picture; the one before it goes with what lay there."""
        self.clear(image_input)
        self.shelves[image_input] = self.new_folder(image_input)
        return self.shelves[image_input]

    def clear(self, image_input: str) -> None:
        """Put a picture away; a job that was begun with it has a name of its own for the file."""
        self.picked.pop(image_input, None)
        if image_input in self.shelves:
            shutil.rmtree(self.shelves.pop(image_input), ignore_errors=True)

    def new_folder(self, name: str) -> Path:
        """An empty folder of the visit's."""
        self.made += 1
        folder = self.folder / f"{name}-{self.made}"
        folder.mkdir(parents=True)
        return folder


class Sessions:
    """All visits, by session: a name that browsers choose, and that therefore never becomes a path.

    `root` is gradio's folder, too: files that are sent arrive there. Only the server's one loop uses this.
    """

    def __init__(self, root: Path, job_queue: JobQueue) -> None:
        self.root = root
        self.job_queue = job_queue
        self._visits: dict[str, Session] = {}
        self._claimed: set[Path] = set()
        self._rooms = root / "visits"
        self._rooms.mkdir()

    def __len__(self) -> int:
        return len(self._visits)

    def of(self, session: str | None) -> Session:
        """The visit of a session, which may begin with this. Raises PageError where a client names no session."""
        if not session:
            raise PageError("a visit needs a session_hash; use gradio_client, or any text of your own")
        session_data = self._visits.setdefault(session, Session(self._rooms / secrets.token_hex(8)))
        session_data.seen = time.monotonic()
        return session_data

    def touch(self, session: str | None) -> None:
        """A sign of life; not from the dead."""
        if session in self._visits:
            self._visits[session].seen = time.monotonic()

    def end(self, session: str | None) -> None:
        """Whoever it was has left: their jobs end, their files go."""
        session_data = self._visits.pop(session or "", None)
        if session_data is None:
            return
        for job in session_data.jobs:
            self.job_queue.drop(job)
        shutil.rmtree(session_data.folder, ignore_errors=True)

    def claim(self, sent: Path, folder: Path) -> Path:
        """A name of the visit's own for a file that was sent. Raises PageError where it was not, or is gone."""
        sent = Path(os.path.abspath(sent))
        if self.root not in sent.parents or self._rooms in sent.parents:
            raise PageError(f"{sent.name!r} was not sent to this page; upload it")
        try:
            own = linked(sent, folder)
        except FileNotFoundError:
            raise PageError(f"{sent.name!r} is no longer here; send it again") from None
        self._claimed.add(sent)
        return own

    def begin(self, session_data: Session, requests: list[PaintRequest], *, watched: bool = True) -> Job:
        """A job in a folder of its own, where its pictures stay whatever is chosen meanwhile."""
        folder = session_data.new_folder("job")
        contents = {request.content: linked(request.content, folder / "content") for request in requests}
        styles = {request.style: linked(request.style, folder / "style") for request in requests}
        own = [replace(request, content=contents[request.content], style=styles[request.style]) for request in requests]
        job = Job(own, folder, watched=watched)
        session_data.jobs.append(job)
        while len(session_data.jobs) > KEPT_JOBS:
            self.forget(session_data, session_data.jobs[0])
        return job

    def forget(self, session_data: Session, job: Job) -> None:
        """End a job and remove what came of it."""
        if job in session_data.jobs:
            session_data.jobs.remove(job)
        self.job_queue.drop(job)
        shutil.rmtree(job.folder, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what lies about: files that were sent and are not needed, and visits whose end nobody told."""
        now = time.monotonic()
        for session, session_data in list(self._visits.items()):
            at_work = any(not job.view.is_over for job in session_data.jobs)
            if now - session_data.seen > session_data.patience and not at_work:
                self.end(session)
        for place in self.root.iterdir():
            if place != self._rooms:
                for file in [place, *place.rglob("*")]:
                    self._sweep_away(file)

    def _sweep_away(self, file: Path) -> None:
        """Remove a file that was sent if its time has come, and folders that it leaves empty."""
        if not file.is_file():
            return
        patience = UNFINISHED_SECONDS if file.parent == self.root else UNCLAIMED_SECONDS
        if time.time() - file.stat().st_mtime <= (CLAIMED_SECONDS if file in self._claimed else patience):
            return
        file.unlink()
        self._claimed.discard(file)
        for folder in file.parents:
            if folder == self.root or any(folder.iterdir()):
                break
            folder.rmdir()


def linked(file: Path, folder: Path) -> Path:
    """Another name for a file, in that folder; a copy where files cannot have two."""
    folder.mkdir(parents=True, exist_ok=True)
    own = folder / file.name
    if own.exists() and own.samefile(file):
        return own
    try:
        os.link(file, own)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(file, own)
    return own
