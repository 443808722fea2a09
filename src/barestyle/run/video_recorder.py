"""A video of a run, from the starting image to the result."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from barestyle.errors import OutputError
from barestyle.video import VideoWriter

if TYPE_CHECKING:
    from torch import Tensor

    from barestyle.run.plan import Plan
    from barestyle.run.progress import Progress

FRAMES = 250
"""Number of frames at most, about: ten seconds."""


class VideoRecorder:
    """Adds frames to a video, evenly spread over the steps of a run.

    A frame that cannot be written ends the video with a warning; the run goes on.
    """

    def __init__(self, writer: VideoWriter, plan: Plan) -> None:
        self._writer = writer
        self._interval = max(1, plan.steps // FRAMES)
        self._has_failed = False

    def __call__(self, progress: Progress) -> None:
        """Add the current image if the step is a multiple of the interval."""
        if progress.step % self._interval == 0 and not self._has_failed:
            self._add(progress.picture())

    def finish(self, image: Tensor) -> None:
        """Add the last frame, (1, 3, H, W)."""
        if not self._has_failed:
            self._add(image)

    def _add(self, image: Tensor) -> None:
        try:
            self._writer.add(image)
        except OutputError as error:
            self._has_failed = True
            _warn(error)


@contextmanager
def record_video(path: Path | None, plan: Plan, *, force: bool) -> Iterator[VideoRecorder | None]:
    """Yield a recorder for the frames of a run, or None if there is no path.

    The video is complete when the block ends, and removed if the block raises. A video that cannot be completed
    is a warning: the image is worth more.
    """
    if path is None:
        yield None
        return
    is_run_complete = False
    try:
        with VideoWriter(path, *plan.size, force=force) as writer:
            yield VideoRecorder(writer, plan)
            is_run_complete = True
    except OutputError as error:
        if not is_run_complete:
            raise
        _warn(error)


def _warn(error: OutputError) -> None:
    warnings.warn(f"{error}; the run continues without a video", stacklevel=2)
