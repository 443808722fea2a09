"""The line before the easel: one job is worked on, the others wait in the order in which they came."""

from __future__ import annotations

import ctypes
import gc
import sys
import threading
from collections import deque

from barestyle.ui.errors import PageError
from barestyle.ui.jobs import Compute, Job

CLOSING = "the page is closing; ask whoever runs it to start it again"


class JobQueue:
    """One painter, in a thread of its own, and a line of jobs."""

    def __init__(self, compute: Compute) -> None:
        self.compute = compute
        self._line: deque[Job] = deque()
        self._at_work: Job | None = None
        self._is_shut = False
        self._changed = threading.Condition()
        # A daemon, so that one long step does not keep a program alive that somebody wants to end.
        self._painter = threading.Thread(target=self._paint, name="painter", daemon=True)
        self._painter.start()

    def ask(self, job: Job) -> None:
        """Stand in line. Raises PageError where the line is full, and what `prepare` raises where there is one.

        Whoever waits should not learn at the end of it that there is something wrong with the pictures.
        """
        if self.is_busy:
            for request in job.requests:
                self.compute.plan(request)
        with self._changed:
            if self._is_shut:
                raise PageError(CLOSING)
            if len(self._line) >= self.compute.limits.max_waiting:
                raise PageError(f"the line is full: {len(self._line)} are waiting already; come back in a few minutes")
            self._line.append(job)
            self._changed.notify()

    @property
    def is_busy(self) -> bool:
        """Whether somebody would have to wait."""
        with self._changed:
            return self._at_work is not None or bool(self._line)

    def place(self, job: Job) -> int:
        """How many jobs come before this one; 0 where it is its turn, or over."""
        with self._changed:
            return 1 + self._line.index(job) if job in self._line else 0

    def stop(self, job: Job) -> None:
        """End a job and keep what there is of it; one that waits leaves the line."""
        job.stop()
        self._leave(job)

    def drop(self, job: Job) -> None:
        """End a job and keep nothing."""
        job.drop()
        self._leave(job)

    def _leave(self, job: Job) -> None:
        with self._changed:
            if job in self._line:
                self._line.remove(job)
                job.end_unbegun()

    def shut(self) -> None:
        """Take no more, and drop all jobs; the one at work ends with the step that is being computed."""
        with self._changed:
            self._is_shut = True
            jobs = [*self._line, *([self._at_work] if self._at_work else [])]
            self._changed.notify()
        for job in jobs:
            self.drop(job)

    @property
    def is_shut(self) -> bool:
        """Whether nobody is served any more."""
        return self._is_shut

    def close(self, patience: float) -> bool:
        """Shut, and wait up to so many seconds for the painter to go; whether he did."""
        self.shut()
        self._painter.join(patience)
        return not self._painter.is_alive()

    def _paint(self) -> None:
        while (job := self._next()) is not None:
            job.paint(self.compute)
            del job
            with self._changed:
                self._at_work = None
            give_back_memory()

    def _next(self) -> Job | None:
        """The first in the line, once there is one; None when the studio closes."""
        with self._changed:
            self._changed.wait_for(lambda: self._line or self._is_shut)
            if self._is_shut:
                return None
            self._at_work = self._line.popleft()
            return self._at_work


def give_back_memory() -> None:
    """Hand what the last job took back to the system, as far as it can be asked to."""
    gc.collect()
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)  # glibc would keep the pages that were freed
