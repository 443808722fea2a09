"""Paint frames with a trained style: one pass of its network for each."""

from __future__ import annotations

from torch import Tensor

from barestyle.feed_forward import Statistics, StylePainter
from barestyle.feed_forward.statistics import blend_statistics

NEW_SHARE = 0.1
"""Share of a frame's own statistics in those that it is painted with; the others are of the frames before it in the
shot. With its own alone, an object that comes into view would change the colors of everything else."""


class TrainedFramePainter:
    """A `FramePainter` with a trained style, whose statistics change slowly within a shot.

    Args:
        painter: paints images.
    """

    def __init__(self, painter: StylePainter) -> None:
        self._painter = painter
        self._statistics: Statistics | None = None

    def paint(self, frame: Tensor, *, is_first_of_shot: bool) -> Tensor:
        """Return the painted frame; both are (1, 3, H, W), sRGB in 0..1, on the CPU. Raises what the painter raises."""
        measured = self._painter.measure(frame)
        if is_first_of_shot or self._statistics is None:
            self._statistics = measured
        else:
            self._statistics = blend_statistics(self._statistics, measured, NEW_SHARE)
        return self._painter.paint(frame, self._statistics)

    def state(self) -> dict[str, Tensor]:
        """Return the statistics of the last frame."""
        assert self._statistics is not None
        return {
            f"{number:03}.{name}": values
            for number, pair in enumerate(self._statistics)
            for name, values in zip(("mean", "variance"), pair, strict=True)
        }

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Go on after the frame at which the state was taken."""
        count = len(state) // 2
        self._statistics = [(state[f"{number:03}.mean"], state[f"{number:03}.variance"]) for number in range(count)]
