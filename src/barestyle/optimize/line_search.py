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
"""By how much a step that is still going downhill is lengthened."""


@dataclass(frozen=True)
class Probe:
    """A point of the line: its length, the function's value and slope along the line, and what was found there."""

    length: float
    value: float
    slope: float
    point: ScaledEvaluation | None = field(repr=False, default=None)

    def without_gradient(self) -> Probe:
        """Without what was found: the higher end of an interval is never where the search ends."""
        return replace(self, point=None)


def strong_wolfe(probe: Callable[[float], Probe], start: Probe, length: float, budget: int) -> Probe:
    """A point that satisfies both conditions, or the lowest seen within `budget` probes (maybe `start`).

    Values that are not finite count as infinitely high, so that the search backs away from them.
    """
    lowest = previous = start
    for used in range(1, budget + 1):
        current = probe(length)
        if _too_high(current, start) or (used > 1 and current.value >= previous.value):
            return _zoom(probe, start, previous, current, budget - used)
        if abs(current.slope) <= -CURVATURE * start.slope:
            return current
        if current.slope >= 0:
            return _zoom(probe, start, current, previous, budget - used)
        lowest = previous = current
        length *= GROWTH
    return lowest


def _zoom(probe: Callable[[float], Probe], start: Probe, low: Probe, high: Probe, budget: int) -> Probe:
    """Shrink the interval between `low`, the lowest point that decreases enough, and `high`."""
    start, high = start.without_gradient(), high.without_gradient()
    for _ in range(budget):
        current = probe(_between(low, high))
        if _too_high(current, start) or current.value >= low.value:
            high = current.without_gradient()
            continue
        if abs(current.slope) <= -CURVATURE * start.slope:
            return current
        if current.slope * (high.length - low.length) >= 0:
            high = low.without_gradient()
        low = current
    return low


def _too_high(point: Probe, start: Probe) -> bool:
    allowed = start.value + SUFFICIENT_DECREASE * point.length * start.slope
    return not math.isfinite(point.value) or not math.isfinite(point.slope) or point.value > allowed


def _between(low: Probe, high: Probe) -> float:
    """Where the cubic through both ends has its minimum, kept off the ends by a tenth of the interval."""
    width = high.length - low.length
    middle = low.length + width / 2
    if not (math.isfinite(high.value) and math.isfinite(high.slope)):
        return low.length + width / 10
    # Nocedal & Wright 2006, equation 3.59
    d1 = low.slope + high.slope - 3 * (low.value - high.value) / (low.length - high.length)
    inside = d1 * d1 - low.slope * high.slope
    if inside < 0:
        return middle
    d2 = math.copysign(math.sqrt(inside), width)
    denominator = high.slope - low.slope + 2 * d2
    if denominator == 0:
        return middle
    fraction = 1 - (high.slope + d2 - d1) / denominator
    return low.length + width * min(max(fraction, 0.1), 0.9)
