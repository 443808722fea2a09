"""What all video formats share: the timing of frames, and the interface of a writer."""

from __future__ import annotations

from typing import Protocol

from barestyle.images import PixelArray

RATE = 25
"""Frames per second; one frame is exactly 4 of GIF's hundredths of a second."""

FRAME_MS = 1000 // RATE

HOLD_MS = 2000
"""How long the last frame is shown, in milliseconds."""


class FrameWriter(Protocol):
    """Writes frames to a file."""

    def add(self, samples: PixelArray) -> None:
        """Append a frame, (H, W, 3) uint8."""

    def finish(self) -> None:
        """Show the last frame for HOLD_MS, write everything and close the file."""

    def close(self) -> None:
        """Close the file, finished or not."""
