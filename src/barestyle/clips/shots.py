"""Find the cuts of a clip: the first frames of its shots."""

from __future__ import annotations

import torch
from torch import Tensor

from barestyle.images import resize
from barestyle.images.color_transfer import luminance

THUMBNAIL = (27, 48)
"""Height and width to which frames are shrunk. Motion within a shot moves little of so small an image."""

BINS = 8
"""Levels of each channel in a histogram of colors."""

CUT_HISTOGRAM = 0.25
"""Share of the pixels that change their bin at a cut, at least."""

CUT_DIFFERENCE = 0.06
"""Mean difference of the thumbnails' lightness at a cut, at least."""

CUT_RATIO = 3.0
"""How many times as much as the average of the frames before it, at least. It is high in a shot of much motion."""

MEMORY = 0.8
"""Share of that average that is kept with each frame."""


class ShotDetector:
    """Tells for each frame whether a new shot begins with it.

    A cut is where the histogram of colors, blurred over neighboring levels, changes for at least CUT_HISTOGRAM of the
    pixels, and the thumbnail's lightness by at least CUT_DIFFERENCE on average and CUT_RATIO times as much as in the
    frames before. A fade has no such frame, and stays in one shot.
    """

    def __init__(self) -> None:
        self._thumbnail: Tensor | None = None
        self._average = 0.0

    def is_cut(self, frame: Tensor) -> bool:
        """Return whether a frame (1, 3, H, W) in 0..1 is the first of a shot; the very first frame is."""
        thumbnail = resize(frame, *THUMBNAIL)
        previous, self._thumbnail = self._thumbnail, thumbnail
        if previous is None:
            return True
        difference = float((luminance(thumbnail) - luminance(previous)).abs().mean())
        is_cut = (
            difference >= CUT_DIFFERENCE
            and difference >= CUT_RATIO * self._average
            and measure_histogram_change(thumbnail, previous) >= CUT_HISTOGRAM
        )
        self._average = 0.0 if is_cut else MEMORY * self._average + (1 - MEMORY) * difference
        return is_cut

    def state(self) -> dict[str, Tensor]:
        """Return what another detector needs to go on after the last frame."""
        assert self._thumbnail is not None
        return {"thumbnail": self._thumbnail, "average": torch.tensor(self._average, dtype=torch.float64)}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Go on after the frame at which the state was taken."""
        self._thumbnail, self._average = state["thumbnail"], float(state["average"])


def measure_histogram_change(one: Tensor, other: Tensor) -> float:
    """Return the share of the pixels by which the color histograms of two images (1, 3, h, w) differ, in 0..1."""
    return float((_count_colors(one) - _count_colors(other)).abs().sum() / 2)


def _count_colors(image: Tensor) -> Tensor:
    """Return a histogram of colors, (BINS, BINS, BINS), that adds to 1; each value is shared by two neighboring levels.

    So a small change of brightness moves a small share of each pixel.
    """
    position = image[0].flatten(1).clamp(0, 1) * (BINS - 1)
    low = position.floor().clamp(max=BINS - 2)
    share = position - low
    histogram = torch.zeros(BINS**3, dtype=torch.float64)
    for corner in range(8):
        bits = [corner >> channel & 1 for channel in range(3)]
        index = sum((low[channel].long() + bits[channel]) * BINS**channel for channel in range(3))
        weight = torch.ones_like(share[0])
        for channel, bit in enumerate(bits):
            weight = weight * (share[channel] if bit else 1 - share[channel])
        histogram.index_add_(0, torch.as_tensor(index), weight.double())
    return histogram / position.shape[1]
