"""A job: the pictures that were asked for at once, painted one after the other."""

from __future__ import annotations

import itertools
import logging
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from barestyle.errors import BarestyleError
from barestyle.plots.loss_curve import draw_live_curve
from barestyle.run.plan import Plan
from barestyle.run.progress import Progress
from barestyle.run.runner import run
from barestyle.run.video_recorder import record_video
from barestyle.ui import previews
from barestyle.ui.compute import Compute, PaintRequest
from barestyle.ui.errors import describe_internal_error
from barestyle.ui.finished_images import film_path, save_result
from barestyle.ui.job_status import FinishedImage, JobStatus, Snapshot

UPDATE_SECONDS = 0.25
"""Least time between two snapshots of a run."""

FRAME_SHARE = 0.1
"""Most of a run's time that may be spent on preview frames."""

CANCELED = "canceled; nothing was painted"

logger = logging.getLogger(__name__)


class Job:
    """Paint requests, where their results go, and a status.

    One thread prepares and paints. Any thread may read `status`, and call `stop` and `drop`.

    Attributes:
        requests: what to paint, in this order.
        wants_frames: whether snapshots have a preview frame, which costs a little time.
        number: different for each job of this program.
        on_change: called after each change of the status; the queue sets it.
        is_dropped: whether results are unwanted.

    Args:
        requests: see above.
        folder_for: returns an existing folder for the files of a request's result.
        on_finished: called with a request and its finished picture, in the thread that paints.
        wants_frames: see above.
    """

    _numbers = itertools.count(1)

    def __init__(
        self,
        requests: Sequence[PaintRequest],
        folder_for: Callable[[PaintRequest], Path],
        *,
        on_finished: Callable[[PaintRequest, FinishedImage], None] = lambda _request, _image: None,
        wants_frames: bool = True,
    ) -> None:
        self.requests = tuple(requests)
        self.wants_frames = wants_frames
        self.number = next(self._numbers)
        self.on_change: Callable[[], None] = lambda: None
        self.is_dropped = False
        self._folder_for = folder_for
        self._on_finished = on_finished
        self._status = JobStatus()
        self._lock = threading.Lock()
        self._plans: Sequence[Plan | BarestyleError] = ()
        self._should_stop = False

    @property
    def status(self) -> JobStatus:
        """The latest status; it is replaced as a whole, never modified."""
        return self._status

    @property
    def prepared_bytes(self) -> int:
        """Memory of the pictures that were read for this job."""
        plans = [plan for plan in self._plans if isinstance(plan, Plan)]
        pictures = {id(picture): picture for plan in plans for picture in plan.pictures}
        return sum(picture.pixels.nbytes for picture in pictures.values())

    def prepare(self, compute: Compute) -> None:
        """Read the images and check the requests. Raise the first error if no request can be painted."""
        plans = compute.prepare(self.requests)
        errors = [plan for plan in plans if isinstance(plan, BarestyleError)]
        if len(errors) == len(plans):
            raise errors[0]
        for request, plan in zip(self.requests, plans, strict=True):
            if isinstance(plan, BarestyleError):
                self._add_error(request, str(plan))
        with self._lock:
            if not self._status.is_over:  # canceled meanwhile
                self._plans = plans

    def stop(self) -> None:
        """End the job soon and keep the best picture so far. A job that waits is canceled."""
        self._should_stop = True
        with self._lock:
            is_waiting = self._status.phase == "waiting"
            if is_waiting:
                self._status = replace(self._status, phase="failed", errors=(CANCELED,))
                self._plans = ()
        if is_waiting:
            self.on_change()

    def drop(self) -> None:
        """End the job soon and keep nothing."""
        self.is_dropped = True
        self.stop()

    def paint(self) -> None:
        """Paint what was prepared, unless the job was canceled. Errors become sentences in the status."""
        with self._lock:
            if self._status.is_over:
                return
            self._status = replace(self._status, phase="painting")
            plans, self._plans = self._plans, ()
        for number, (request, plan) in enumerate(zip(self.requests, plans, strict=True)):
            if self._should_stop:
                break
            if isinstance(plan, Plan):
                self._update(number=number, snapshot=None)
                self._paint(request, plan)
        self._update(phase="done" if self._status.images else "failed", snapshot=None)

    def show(self, snapshot: Snapshot) -> None:
        """Publish the state of the picture that is being painted."""
        self._update(snapshot=snapshot)

    def _paint(self, request: PaintRequest, plan: Plan) -> None:
        folder = None
        try:
            folder = self._folder_for(request)
            image = self._run(request, plan, folder)
            if image is not None:
                self._on_finished(request, image)
                self._update(images=(*self._status.images, image))
                return
        except BarestyleError as error:
            self._add_error(request, str(error))
        except Exception as error:  # the next job must still be painted
            if not self.is_dropped:  # its folder may have been removed
                logger.exception("unexpected error while painting")
                self._add_error(request, describe_internal_error(error))
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    def _run(self, request: PaintRequest, plan: Plan, folder: Path) -> FinishedImage | None:
        """Paint one picture and write its files; return None if it is unwanted by then."""
        listener = Listener(self, plan.steps)
        film = film_path(request, folder) if request.records_film else None
        with record_video(film, plan, force=True) as recorder:

            def on_progress(progress: Progress) -> None:
                listener(progress)
                if recorder is not None:
                    recorder(progress)

            result = run(plan, on_progress=on_progress, should_stop=lambda: self._should_stop)
            if recorder is not None:
                recorder.finish(result.image)
        return None if self.is_dropped else save_result(result, plan, request, folder)

    def _add_error(self, request: PaintRequest, message: str) -> None:
        sentence = f"{request.title}: {message}" if len(self.requests) > 1 else message
        self._update(errors=(*self._status.errors, sentence))

    def _update(self, **changes: Any) -> None:
        with self._lock:
            self._status = replace(self._status, **changes)
        self.on_change()


class Listener:
    """Turn the progress of a run into snapshots of its job: numbers often, preview frames as time allows."""

    def __init__(self, job: Job, steps: int) -> None:
        self._job = job
        self._steps = steps
        self._losses: list[float] = []
        self._restarts = 0
        self._next_update = 0.0
        self._next_frame = 0.0
        self._frame = self._curve = ""

    def __call__(self, progress: Progress) -> None:
        """Note the loss of a step, and publish a snapshot if the last one is old enough."""
        if progress.restarts > self._restarts:
            self._restarts = progress.restarts
            self._losses.clear()  # they are of an attempt that diverged
        self._losses.append(progress.loss)
        now = time.monotonic()
        if now < self._next_update:
            return
        self._next_update = now + UPDATE_SECONDS
        if self._job.wants_frames and now >= self._next_frame:
            self._make_frame(progress)
            ended = time.monotonic()
            self._next_frame = ended + (ended - now) / FRAME_SHARE
        self._job.show(
            Snapshot(
                progress.step,
                progress.steps,
                progress.done,
                progress.seconds,
                frame=self._frame,
                curve=self._curve,
                seconds_left=progress.seconds_left,
            )
        )

    def _make_frame(self, progress: Progress) -> None:
        self._frame = previews.make_live_frame(progress.picture())
        self._curve = draw_live_curve(self._losses, self._steps)
