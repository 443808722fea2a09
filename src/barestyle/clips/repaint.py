"""Paint the frames of a clip one by one, and write them as a video or as a folder of images."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor

from barestyle.clips.frame import Clip
from barestyle.clips.frame_painter import FramePainter
from barestyle.clips.shots import ShotDetector
from barestyle.clips.sound import Sound
from barestyle.clips.video_writer import TimedFrame, write_video
from barestyle.clips.work_folder import WorkFolder
from barestyle.errors import VideoError
from barestyle.images import resize

PAINTER, SHOTS = "painter.", "shots."
"""Prefixes of names in a saved state."""


@dataclass(frozen=True)
class ClipProgress:
    """How far a clip is.

    Attributes:
        finished: number of finished frames.
        count: number of frames in all, an estimate; None if unknown.
        shots: number of shots that this process has begun.
        seconds: since this process began.
        frames_per_second: of this process; 0 before its first frame.
        seconds_left: None if unknown.
    """

    finished: int
    count: int | None
    shots: int
    seconds: float
    frames_per_second: float
    seconds_left: float | None


@dataclass(frozen=True)
class ClipOutcome:
    """What became of a clip.

    Attributes:
        frames: number of finished frames.
        seconds: that this process painted.
        interrupted: whether `should_stop` ended it before the last frame.
        error: why the frames after the finished ones could not be read, or None.
    """

    frames: int
    seconds: float
    interrupted: bool = False
    error: VideoError | None = None


def repaint(
    clip: Clip,
    painter: FramePainter,
    folder: WorkFolder,
    size: tuple[int, int],
    *,
    state: dict[str, Tensor] | None = None,
    on_progress: Callable[[ClipProgress], None] | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> ClipOutcome:
    """Paint the frames of a clip that are not finished, at a height and width, into a work folder.

    Only a few frames are in memory at the same time. `state` is what the folder's `open` returned. Raises VideoError if
    not even one frame can be read, OutputError if a frame cannot be written, and what the painter raises.
    """
    started, begun, shots = time.perf_counter(), folder.finished, ShotDetector()
    count_of_shots = 0
    if state and folder.finished:
        painter.load_state(_select(state, PAINTER))
        shots.load_state(_select(state, SHOTS))
    error: VideoError | None = None
    try:
        for frame in clip.frames():
            if frame.number < folder.finished:
                continue
            if should_stop():
                return ClipOutcome(folder.finished, time.perf_counter() - started, interrupted=True)
            image = resize(frame.load(), *size)
            is_first = shots.is_cut(image)
            count_of_shots += is_first
            painted = painter.paint(image, is_first_of_shot=is_first)
            folder.add(frame, painted, {**_prefix(painter.state(), PAINTER), **_prefix(shots.state(), SHOTS)})
            if on_progress is not None:
                seconds = time.perf_counter() - started
                on_progress(_measure_progress(folder.finished, clip.count, count_of_shots, begun, seconds))
    except VideoError as caught:
        if not folder.finished:
            raise
        error = caught
    return ClipOutcome(folder.finished, time.perf_counter() - started, error=error)


def write_result(path: Path, clip: Clip, folder: WorkFolder, sound: Sound | None) -> None:
    """Write the finished frames of a work folder as a video. Raises OutputError."""
    frames = folder.list_frames()
    length = float((frames[-1].pts + frames[-1].duration - frames[0].pts) * clip.time_base)
    rate = Fraction(len(frames) / length).limit_denominator(1001) if length > 0 else Fraction(25)

    def read_frames() -> Iterator[TimedFrame]:
        for stored in frames:
            with Image.open(stored.path) as image:
                yield TimedFrame(np.array(image.convert("RGB")), stored.pts, stored.duration)

    write_video(path, read_frames(), time_base=clip.time_base, rate=rate, pixel_aspect=clip.pixel_aspect, sound=sound)


def _measure_progress(finished: int, count: int | None, shots: int, begun: int, seconds: float) -> ClipProgress:
    rate = (finished - begun) / seconds
    left = None if count is None else max(count - finished, 0) / rate
    return ClipProgress(finished, count, shots, seconds, rate, left)


def _prefix(state: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {prefix + name: tensor for name, tensor in state.items()}


def _select(state: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}
