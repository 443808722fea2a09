"""What paints the frames of a clip: a search for each frame, a trained network, or anything else."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor


class FramePainter(Protocol):
    """Paints the frames of a clip in their order."""

    def paint(self, frame: Tensor, *, is_first_of_shot: bool) -> Tensor:
        """Return the painted frame; both are (1, 3, H, W), sRGB in 0..1, on the CPU.

        After the first frame of a shot, a frame may be painted like the one before it.
        """

    def state(self) -> dict[str, Tensor]:
        """Return what another painter with the same settings needs to go on after the last frame; may be empty."""

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Go on after the frame at which the state was taken."""
