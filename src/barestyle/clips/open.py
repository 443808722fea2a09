"""Open a video file or a folder of frames as a clip."""

from __future__ import annotations

import math
from pathlib import Path

from barestyle.clips.frame import Clip, Frame, Selection
from barestyle.clips.frame_folder import FrameFolder
from barestyle.clips.video_file import VideoFile
from barestyle.errors import VideoError


def open_clip(path: Path, selection: Selection | None = None) -> Clip:
    """Return the selected frames of a video file, or of a folder of numbered images. Raises VideoError."""
    selection = selection or Selection()
    check_selection(selection)
    if path.is_dir():
        return FrameFolder(path, selection)
    return VideoFile(path, selection)


def check_selection(selection: Selection) -> None:
    """Raise VideoError if no frame can be in a selection."""
    start, end = selection.start, math.inf if selection.end is None else selection.end
    if not 0 <= start < end:
        raise VideoError(f"a clip cannot go from {start:g} s to {end:g} s; it must end after it begins")
    if selection.every < 1:
        raise VideoError(f"every cannot be {selection.every}; it must be at least 1")


def check_frames(clip: Clip) -> Frame:
    """Return the first frame of a clip. Raises VideoError if there are not at least two."""
    frames = clip.frames()
    first = next(frames, None)
    if first is None:
        raise VideoError(f"{clip.name!r} has no frame in this range; choose other --from, --to or --every")
    if next(frames, None) is None:
        raise VideoError(
            f"{clip.name!r} has only one frame here; repaint pictures with `barestyle transfer`, or choose "
            "other --from, --to or --every"
        )
    return first
