"""A job: the pictures that a visitor asked for at once, one after the other, and what can be seen of them."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from barestyle import samples
from barestyle.atomic_files import write_atomically
from barestyle.errors import BarestyleError
from barestyle.plots.loss_curve import draw_live_curve
from barestyle.run.plan import Plan, prepare
from barestyle.run.progress import Progress
from barestyle.run.record import Record, sidecar
from barestyle.run.request import Request
from barestyle.run.result import Result
from barestyle.run.runner import run
from barestyle.spec import Spec
from barestyle.ui import previews as frames
from barestyle.ui.errors import mistake, without_folder
from barestyle.ui.limits import Limits

FRAME_SECONDS = 0.25
"""Least time between two pictures of the way."""

FRAME_SHARE = 0.1
"""Most of the time that may go into pictures of the way."""

CHECKED_SIZE = 64
LONGEST_STEM = 40
"""Characters of a file's name that go into the name of a result."""

Phase = Literal["waiting", "painting", "done", "failed"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Compute:
    """Where jobs are done, and with what: the arguments are those of `transfer`."""

    device: str = "auto"
    precision: str = "auto"
    memory: str = "auto"
    limits: Limits = field(default_factory=Limits)

    def check(self) -> None:
        """Refuse a device, a precision or an amount of memory that every wish would be refused for."""
        content, style = samples.photo(next(iter(samples.PHOTOS))), samples.style(samples.STYLES[0])
        self.plan(PaintRequest(content, style, Spec(size=CHECKED_SIZE), seed=0, title=""))

    def plan(self, request: PaintRequest) -> Plan:
        """A wish with everything checked that can be; what is wrong names files as their senders did."""
        try:
            return prepare(
                Request(
                    request.content,
                    request.style,
                    request.spec,
                    seed=request.seed,
                    device=self.device,
                    precision=self.precision,
                    memory=self.memory,
                    max_pixels=self.limits.max_pixels,
                )
            )
        except BarestyleError as error:
            raise type(error)(without_folder(str(error), request.content, request.style)) from None


@dataclass(frozen=True)
class PaintRequest:
    """One picture that is asked for: from what, how, and what it is called on the page and in its file's name."""

    content: Path
    style: Path
    spec: Spec
    seed: int
    title: str
    suffix: str = ""

    @property
    def stem(self) -> str:
        """The name of the result's files, as the command line has it."""
        return f"{self.content.stem[:LONGEST_STEM]}-{self.style.stem[:LONGEST_STEM]}{self.suffix}"


@dataclass(frozen=True)
class FinishedImage:
    """A finished picture: its files, what to look at, and how it went."""

    title: str
    picture: Path
    record: Path
    before: Path
    after: Path
    width: int
    height: int
    seconds: float
    interrupted: bool
    reason: str
    curve: str


@dataclass(frozen=True)
class Snapshot:
    """A picture on its way: steps, the share of the work that is done, seconds, and how it looks by now."""

    step: int
    steps: int
    share: float
    seconds: float
    frame: str = ""
    curve: str = ""

    @property
    def left(self) -> float | None:
        """Seconds that it may take at most from here; None while nothing can be said."""
        return self.seconds / self.share * (1 - self.share) if self.share else None


@dataclass(frozen=True)
class JobStatus:
    """What can be seen of a job: it is replaced whole, so that anybody may look at any time.

    `number` counts the wishes from 0; `refusals` has a sentence for each that could not be fulfilled.
    """

    phase: Phase = "waiting"
    number: int = 0
    snapshot: Snapshot | None = None
    works: tuple[FinishedImage, ...] = ()
    refusals: tuple[str, ...] = ()

    @property
    def is_over(self) -> bool:
        """Whether nothing will change any more."""
        return self.phase in ("done", "failed")


class Job:
    """Wishes, a folder for what comes of them, and a view of how far they are.

    `watched` asks for pictures of the way, which cost a little.
    """

    def __init__(self, requests: Sequence[PaintRequest], folder: Path, *, watched: bool = True) -> None:
        self.requests = tuple(requests)
        self.folder = folder
        self.view = JobStatus()
        self.is_dropped = False
        self._watched = watched
        self._stopped = False

    def stop(self) -> None:
        """End it soon, and keep the best picture so far."""
        self._stopped = True

    def drop(self) -> None:
        """End it soon, and keep nothing."""
        self.is_dropped = self._stopped = True

    def end_unbegun(self) -> None:
        """It has left the line before it was its turn."""
        self.view = replace(self.view, phase="failed", refusals=("you left the line, and nothing was painted",))

    def paint(self, compute: Compute) -> None:
        """Fulfil the wishes, one after the other. Raises nothing: whatever goes wrong is a sentence in the view."""
        for number, request in enumerate(self.requests):
            if self._stopped:
                break
            self.view = replace(self.view, phase="painting", number=number, snapshot=None)
            try:
                result, plan = self._search(request, compute)
                if not self.is_dropped:
                    work = kept(result, plan, request, self.folder)
                    self.view = replace(self.view, works=(*self.view.works, work))
            except BarestyleError as error:
                self._refuse(request, str(error))
            except Exception as error:  # the painter goes on with whoever is next
                if not self.is_dropped:  # its folder may be gone already
                    logger.exception("a mistake while painting")
                    self._refuse(request, mistake(error))
        self.view = replace(self.view, phase="done" if self.view.works else "failed", snapshot=None)

    def _refuse(self, request: PaintRequest, sentence: str) -> None:
        named = f"{request.title}: {sentence}" if len(self.requests) > 1 else sentence
        self.view = replace(self.view, refusals=(*self.view.refusals, named))

    def _search(self, request: PaintRequest, compute: Compute) -> tuple[Result, Plan]:
        plan = compute.plan(request)
        return run(plan, on_progress=Listener(self, plan.steps), should_stop=lambda: self._stopped), plan

    @property
    def is_watched(self) -> bool:
        """Whether pictures of the way are wanted."""
        return self._watched


class Listener:
    """Turns a run's progress into a job's view: numbers at every step, pictures now and then."""

    def __init__(self, job: Job, steps: int) -> None:
        self._job = job
        self._steps = steps
        self._losses: list[float] = []
        self._restarts = 0
        self._next_frame = 0.0
        self._frame = self._curve = ""

    def __call__(self, progress: Progress) -> None:
        """Look at a step."""
        if progress.restarts > self._restarts:
            self._restarts = progress.restarts
            self._losses.clear()  # of an attempt that exploded
        self._losses.append(progress.loss)
        if self._job.is_watched and time.monotonic() >= self._next_frame:
            self._look(progress)
        snapshot = Snapshot(
            progress.step, progress.steps, progress.done, progress.seconds, frame=self._frame, curve=self._curve
        )
        self._job.view = replace(self._job.view, snapshot=snapshot)

    def _look(self, progress: Progress) -> None:
        began = time.monotonic()
        self._frame = frames.live(progress.picture())
        self._curve = draw_live_curve(self._losses, self._steps)
        ended = time.monotonic()
        self._next_frame = ended + max(FRAME_SECONDS, (ended - began) / FRAME_SHARE)


def kept(result: Result, plan: Plan, request: PaintRequest, folder: Path) -> FinishedImage:
    """Write a result's files: the PNG with its record inside, the record beside it, and a JPEG of before and after."""
    folder.mkdir(exist_ok=True)
    picture = folder / f"{request.stem}.png"
    replace(result, record=_without_our_paths(result, request, folder)).save(picture)
    before, after = (folder / f"{request.stem}-{name}.jpg" for name in ("before", "after"))
    write_atomically(before, frames.view(plan.content.pixels, plan.content.alpha))
    write_atomically(after, frames.view(result.image, result.alpha))
    return FinishedImage(
        title=request.title,
        picture=picture,
        record=sidecar(picture),
        before=before,
        after=after,
        width=result.image.shape[-1],
        height=result.image.shape[-2],
        seconds=result.seconds,
        interrupted=result.interrupted,
        reason=result.reason,
        curve=draw_live_curve(result.losses, len(result.losses) - 1),
    )


def _without_our_paths(result: Result, request: PaintRequest, folder: Path) -> Record:
    """The record as if both pictures lay beside the result, where whoever downloads it may well have them."""
    record = result.record
    content, style = ({"path": str(folder / file.name)} for file in (request.content, request.style))
    return record.model_copy(
        update={
            "content": record.content.model_copy(update=content),
            "styles": tuple(one.model_copy(update=style) for one in record.styles),
        }
    )
