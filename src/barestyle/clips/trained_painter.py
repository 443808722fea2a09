"""Paint frames with a trained style: one pass of its network for each."""

from __future__ import annotations

import torch
from torch import Tensor

from barestyle.feed_forward import Statistics, StylePainter
from barestyle.feed_forward.statistics import blend_statistics

MEASURE_EVERY = 10
"""Frames of a shot that are painted with the same statistics: measuring takes as long as painting."""

NEW_SHARE = 0.3
"""Share of a measured frame's own statistics in the new ones; the others are of the frames before it in the shot. With
its own alone, an object that comes into view would change the colors of everything else."""


class TrainedFramePainter:
    """A `FramePainter` with a trained style, whose statistics change slowly within a shot.

    Args:
        painter: paints images.
    """

    def __init__(self, painter: StylePainter) -> None:
        self._painter = painter
        self._statistics: Statistics | None = None
        self._count = 0

    def paint(self, frame: Tensor, *, is_first_of_shot: bool) -> Tensor:
        """Return the painted frame; both are (1, 3, H, W), sRGB in 0..1, on the CPU. Raises what the painter raises."""
        if is_first_of_shot or self._statistics is None:
            self._statistics, self._count = self._painter.measure(frame), 0
        elif self._count % MEASURE_EVERY == 0:
            self._statistics = blend_statistics(self._statistics, self._painter.measure(frame), NEW_SHARE)
        self._count += 1
        return self._painter.paint(frame, self._statistics)

    def state(self) -> dict[str, Tensor]:
        """Return the statistics of the last frame, and its number in the shot."""
        assert self._statistics is not None
        statistics = {
            f"{number:03}.{name}": values
            for number, pair in enumerate(self._statistics.norms)
            for name, values in zip(("mean", "variance"), pair, strict=True)
        }
        return {"count": torch.tensor(self._count), "curves": self._statistics.curves, **statistics}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Go on after the frame at which the state was taken."""
        self._count = int(state["count"])
        count = sum(name.endswith(".mean") for name in state)
        norms = [(state[f"{number:03}.mean"], state[f"{number:03}.variance"]) for number in range(count)]
        self._statistics = Statistics(norms, state["curves"])
