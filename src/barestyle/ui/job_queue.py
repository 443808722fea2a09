"""The queue: one job is painted, the others wait in the order in which they came."""

from __future__ import annotations

import ctypes
import gc
import sys
import threading
from collections import deque
from collections.abc import Collection
from itertools import takewhile

from barestyle.ui.compute import Compute
from barestyle.ui.errors import PageError
from barestyle.ui.jobs import Job
from barestyle.ui.notifier import Notifier

CLOSING = "the server is shutting down; restart it to go on"


class JobQueue:
    """Waiting jobs, and the thread that paints them one at a time.

    Attributes:
        compute: what jobs are painted with.
        changes: notified whenever the status or the position of any job changes.
    """

    def __init__(self, compute: Compute) -> None:
        self.compute = compute
        self.changes = Notifier()
        self._waiting: deque[Job] = deque()
        self._running: Job | None = None
        self._is_shut_down = False
        self._changed = threading.Condition()
        # A daemon, so that a long step cannot keep the program alive after it was told to end.
        self._worker = threading.Thread(target=self._work, name="worker", daemon=True)
        self._worker.start()

    def add(self, job: Job) -> None:
        """Prepare a job and append it to the queue.

        Raise PageError if the queue is full or shut down, and what `Job.prepare` raises: a mistake in the request
        should not come up only after the wait.
        """
        self._check_capacity(job)  # before the images are read
        job.prepare(self.compute)
        with self._changed:
            self._check_capacity(job)
            job.on_change = self.changes.notify
            self._waiting.append(job)
            self._changed.notify()

    def _check_capacity(self, job: Job) -> None:
        with self._changed:
            if self._is_shut_down:
                raise PageError(CLOSING)
            waiting = [other for other in self._waiting if not other.status.is_over]
            limits = self.compute.limits
            used = sum(other.prepared_bytes for other in waiting) + job.prepared_bytes
            if len(waiting) >= limits.max_waiting or (waiting and used > limits.max_waiting_bytes):
                raise PageError(f"the queue is full, with {len(waiting)} waiting; try again in a few minutes")

    @property
    def is_shut_down(self) -> bool:
        """Whether no job is taken any more."""
        return self._is_shut_down

    def find_position(self, job: Job) -> int:
        """Return how many jobs come before this one; 0 if it is being painted, or over."""
        with self._changed:
            if job not in self._waiting or job.status.is_over:
                return 0
            before = takewhile(lambda other: other is not job, self._waiting)
            return sum(not other.status.is_over for other in before) + (self._running is not None)

    def move_up(self, job: Job, owned: Collection[Job]) -> bool:
        """Swap a waiting job with the one of its owner that waits before it; return whether there was one.

        `owned` are the owner's jobs. Jobs of others keep their places.
        """
        with self._changed:
            waiting = [other for other in self._waiting if other in owned and not other.status.is_over]
            if job not in waiting[1:]:
                return False
            before = waiting[waiting.index(job) - 1]
            first, second = self._waiting.index(before), self._waiting.index(job)
            self._waiting[first], self._waiting[second] = job, before
        self.changes.notify()
        return True

    def has_other_work(self, jobs: Collection[Job]) -> bool:
        """Return whether a job waits, or is painted, that is not one of these."""
        with self._changed:
            candidates = [*self._waiting, *([self._running] if self._running else [])]
            return any(job not in jobs and not job.status.is_over for job in candidates)

    def shut_down(self) -> None:
        """Take no more jobs and drop all there are; the running one ends with the current step."""
        with self._changed:
            self._is_shut_down = True
            jobs = [*self._waiting, *([self._running] if self._running else [])]
            self._changed.notify()
        for job in jobs:
            job.drop()
        self.changes.notify()

    def close(self, timeout: float) -> bool:
        """Shut down, wait up to `timeout` seconds for the worker thread, and return whether it has ended."""
        self.shut_down()
        self._worker.join(timeout)
        return not self._worker.is_alive()

    def _work(self) -> None:
        """Paint job after job, until the queue is shut down."""
        while (job := self._take_next()) is not None:
            job.paint()
            del job
            with self._changed:
                self._running = None
            trim_memory()

    def _take_next(self) -> Job | None:
        """Wait for a job and return it; None once the queue is shut down."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_shut_down)
            if self._is_shut_down:
                return None
            self._running = self._waiting.popleft()
            return self._running


def trim_memory() -> None:
    """Return the memory that a job has freed to the system, as far as possible."""
    gc.collect()
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)  # glibc keeps freed pages otherwise
