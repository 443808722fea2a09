"""What can be seen of a job from outside: its status, the picture as it forms, and the finished pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Phase = Literal["waiting", "painting", "done", "failed"]


@dataclass(frozen=True)
class FinishedImage:
    """A finished picture.

    Attributes:
        title: what the page calls the look.
        picture: the PNG with its record inside.
        record: the same record as a JSON file.
        before, after: JPEGs of the photo and of the result, both at the result's size or smaller.
        thumbnail: a small JPEG of the result.
        film: the video of the run, or None.
        width, height: of the result, in pixels.
        seconds: that the run took.
        interrupted: whether it was stopped early.
        curve: SVG of the loss.
    """

    title: str
    picture: Path
    record: Path
    before: Path
    after: Path
    thumbnail: Path
    film: Path | None
    width: int
    height: int
    seconds: float
    interrupted: bool
    curve: str


@dataclass(frozen=True)
class Snapshot:
    """A picture while it is painted.

    Attributes:
        step: iterations done, of at most `steps`.
        share: of the work that is done, 0..1.
        seconds: since the run began.
        frame: the picture so far, a data URL; empty if the job makes no frames.
        curve: SVG of the loss so far; empty without frames.
        seconds_left: estimate of the seconds that the rest takes; None during the first steps.
    """

    step: int
    steps: int
    share: float
    seconds: float
    frame: str = ""
    curve: str = ""
    seconds_left: float | None = None


@dataclass(frozen=True)
class JobStatus:
    """The state of a job.

    Attributes:
        phase: waiting, painting, done (at least one picture was finished) or failed (none was).
        number: of the request that is being painted, from 0.
        snapshot: the picture that is being painted.
        images: the finished pictures.
        errors: a sentence for each request that could not be painted.
    """

    phase: Phase = "waiting"
    number: int = 0
    snapshot: Snapshot | None = None
    images: tuple[FinishedImage, ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def is_over(self) -> bool:
        """Whether the status is final."""
        return self.phase in ("done", "failed")
