"""`--video`: check that a video of the run can be written."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def check_video_option(video: Path, output: Path, *, force: bool, inputs: Iterable[Path]) -> None:
    """Raise OutputError, before any work, if a video cannot be written or would replace another file of the run."""
    from barestyle.images import check_distinct
    from barestyle.video import check_video

    check_video(video, force=force)
    check_distinct([video], (output, *inputs), what="another file of the run")
