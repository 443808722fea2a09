"""A frame of a clip, and what the readers of video files and of folders have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Protocol

from torch import Tensor


@dataclass(frozen=True)
class Frame:
    """A frame with its place in time; its image is converted when it is loaded.

    Attributes:
        number: place among the selected frames, from 0.
        name: for files of frames, such as 000001.
        pts: when it is shown, in units of the clip's time base.
        duration: how long it is shown, in the same units.
        load: returns the image, (1, 3, H, W), sRGB in 0..1, upright.
    """

    number: int
    name: str
    pts: int
    duration: int
    load: Callable[[], Tensor] = field(repr=False)


@dataclass(frozen=True)
class Selection:
    """Which frames of a clip are used.

    Attributes:
        start: seconds; frames before it are left out.
        end: seconds; frames at it and after it are left out. None for the end of the clip.
        every: 1 for all of these frames, N for the first and every Nth after it.
    """

    start: float = 0.0
    end: float | None = None
    every: int = 1


class Clip(Protocol):
    """Frames in their order, read one by one.

    Attributes:
        name: as given, for messages.
        size: height and width of the upright frames, in pixels.
        time_base: the unit of the frames' times, in seconds.
        pixel_aspect: width of a pixel in relation to its height.
        count: number of frames of the selection, an estimate; None if unknown.
        fingerprint: what changes if the file is replaced by another one.
        notes: sentences on what could not be read, after the frames were.
    """

    name: str
    size: tuple[int, int]
    time_base: Fraction
    pixel_aspect: Fraction
    count: int | None
    fingerprint: str
    notes: list[str]

    def frames(self) -> Iterator[Frame]:
        """Yield the selected frames. Raises VideoError if the clip cannot be read any further."""
