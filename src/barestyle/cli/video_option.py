"""`--video`: a video of the run, from the starting image to the result."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from barestyle.cli.output_option import OutputFile, check_new_folder, parse_output
from barestyle.cli.standard_streams import STANDARD_STREAM
from barestyle.errors import OutputError

if TYPE_CHECKING:
    from torch import Tensor

    from barestyle.run.plan import Plan
    from barestyle.run.progress import Progress
    from barestyle.video import VideoWriter

ANOTHER_FILE = "another file of the run"

FRAMES = 250
"""Number of frames at most, about: ten seconds."""


def parse_video(text: str | None, output: OutputFile, sources: Sequence[Path]) -> OutputFile | None:
    """Return the file that --video names, or None without the option.

    In a folder it has the name of the output, or CONTENT-STYLE if that is standard output, with the extension .mp4.
    `sources` are the content and the styles. Raise what `parse_output` raises.
    """
    if text is None:
        return None
    if not output.is_standard:
        return parse_output(text, output.path.with_suffix(".mp4").name)
    has_name = STANDARD_STREAM not in sources
    return parse_output(text, "-".join(path.stem for path in sources) + ".mp4" if has_name else None)


def check_video_option(video: OutputFile, output: Path, *, force: bool, inputs: Collection[Path]) -> None:
    """Raise OutputError, before any work, if a video cannot be written or would replace another file of the run."""
    from barestyle.images import check_distinct
    from barestyle.video import check_video

    if video.new_folder is not None:
        check_new_folder(video.new_folder)
        return
    check_video(video.path, force=force)
    check_distinct([video.path], [path for path in (output, *inputs) if path != STANDARD_STREAM], what=ANOTHER_FILE)


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
    from barestyle.video import VideoWriter

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
