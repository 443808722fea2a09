"""How steady painted frames are: the error of moving one along the input's motion to the next."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from barestyle.clips.flow import estimate_motion
from barestyle.clips.warp import warp


def measure_warping_error(frames: Sequence[Tensor], painted: Sequence[Tensor]) -> float:
    """Return the mean squared difference of each painted frame and the one before it, moved along the input's flow.

    Only pixels where the flow of the input is valid count. All images are (1, 3, H, W) in 0..1 (Lai et al. 2018,
    arXiv:1808.00449, section 4.2).
    """
    total, count = 0.0, 0.0
    for before, after, painted_before, painted_after in zip(frames, frames[1:], painted, painted[1:], strict=False):
        motion = estimate_motion(before, after)
        difference = (painted_after - warp(painted_before, motion.flow)).square() * motion.validity
        total += float(difference.sum())
        count += 3 * float(motion.validity.sum())
    return total / max(count, 1.0)
