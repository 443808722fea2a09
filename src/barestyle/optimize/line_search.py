"""A line search for the strong Wolfe conditions (Nocedal & Wright 2006, algorithms 3.5 and 3.6)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from barestyle.optimize.scaled_objective import ScaledEvaluation

SUFFICIENT_DECREASE = 1e-4
CURVATURE = 0.9
"""c1 and c2, the usual values for quasi-Newton methods (Nocedal & Wright 2006, section 3.1)."""

GROWTH = 4.0
"""Factor by which the step is lengthened while the function still falls."""


@dataclass(frozen=True)
class Probe:
    """A point on the line: step length, the function's value and its slope along the line, and the evaluation there."""

    length: float
    value: float
    slope: float
    evaluation: ScaledEvaluation | None = field(repr=False, default=None)

    def without_evaluation(self) -> Probe:
        """Return a copy that frees the gradient, for points that cannot be the end of the search."""
        return replace(self, evaluation=None)


def search_strong_wolfe(probe: Callable[[float], Probe], start: Probe, length: float, budget: int) -> Probe:
    """Return a point that satisfies both conditions, or the lowest of `budget` probes (possibly `start`).

    Values that are not finite count as infinitely high, so the search backs away from them.

    Args:
        probe: evaluates the function at a step length.
        start: the point at length 0; its slope is negative.
        length: the first step to try.
        budget: the largest number of probes.
    """
    lowest = previous = start
    for count in range(1, budget + 1):
        current = probe(length)
        if _is_too_high(current, start) or (count > 1 and current.value >= previous.value):
            return _zoom(probe, start, previous, current, budget - count)
        if abs(current.slope) <= -CURVATURE * start.slope:
            return current
        if current.slope >= 0:
            return _zoom(probe, start, current, previous, budget - count)
        lowest = previous = current
        length *= GROWTH
    return lowest


def _zoom(probe: Callable[[float], Probe], start: Probe, low: Probe, high: Probe, budget: int) -> Probe:
    """Shrink the interval between `low`, the lowest point with sufficient decrease, and `high`; return the last low."""
    start, high = start.without_evaluation(), high.without_evaluation()
    for _ in range(budget):
        current = probe(_interpolate(low, high))
        if _is_too_high(current, start) or current.value >= low.value:
            high = current.without_evaluation()
            continue
        if abs(current.slope) <= -CURVATURE * start.slope:
            return current
        if current.slope * (high.length - low.length) >= 0:
            high = low.without_evaluation()
        low = current
    return low


def _is_too_high(point: Probe, start: Probe) -> bool:
    """Return whether a point violates the condition of sufficient decrease, or is not finite."""
    allowed = start.value + SUFFICIENT_DECREASE * point.length * start.slope
    return not math.isfinite(point.value) or not math.isfinite(point.slope) or point.value > allowed


def _interpolate(low: Probe, high: Probe) -> float:
    """Return the length at the minimum of the cubic through both ends, at least a tenth of the interval inside it."""
    width = high.length - low.length
    middle = low.length + width / 2
    if not (math.isfinite(high.value) and math.isfinite(high.slope)):
        return low.length + width / 10
    # Nocedal & Wright 2006, equation 3.59
    d1 = low.slope + high.slope - 3 * (low.value - high.value) / (low.length - high.length)
    radicand = d1 * d1 - low.slope * high.slope
    if radicand < 0:
        return middle
    d2 = math.copysign(math.sqrt(radicand), width)
    denominator = high.slope - low.slope + 2 * d2
    if denominator == 0:
        return middle
    fraction = 1 - (high.slope + d2 - d1) / denominator
    return low.length + width * min(max(fraction, 0.1), 0.9)
