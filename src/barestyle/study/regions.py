"""Regions: the mean effects for which a claim holds, and tests of whether a mean is inside or outside."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from barestyle.study.statistics import FloatArray, p_greater, p_less


@dataclass(frozen=True)
class Region:
    """An open interval of mean effects, of which one end may be infinite. Lower effects are better."""

    low: float
    high: float

    def depth(self, effect: float) -> float:
        """Return how far an effect is inside the region, from its nearest end; negative outside."""
        return min(effect - self.low, self.high - effect)

    def distance(self, effect: float) -> float:
        """Return the distance of an effect from the nearest end of the region."""
        return abs(self.depth(effect))

    def contains(self, effect: float) -> bool:
        """Return whether a claim with this region holds for an effect."""
        return self.low < effect < self.high


def claim_region(kind: str, margin: float, *, slight: bool = False) -> Region:
    """Return the effects for which a claim of a kind holds.

    Args:
        kind: `better`, `worse`, `no-better` or `equivalent`.
        margin: half the width of the region of practical equivalence, which is centered at 0.
        slight: whether an effect inside the region of equivalence is enough for `better` and `worse`.
    """
    bound = 0.0 if slight else margin
    return {
        "better": Region(-math.inf, -bound),
        "worse": Region(bound, math.inf),
        "no-better": Region(-margin, math.inf),
        "equivalent": Region(-margin, margin),
    }[kind]


def p_inside(values: FloatArray, region: Region) -> FloatArray:
    """Return p of "the mean is inside the region" along the last axis.

    Two one-sided t-tests (TOST; Schuirmann 1987, doi:10.1007/BF01068419), or one if one end of the region is infinite.
    """
    p_low = 0.0 if math.isinf(region.low) else p_greater(values, region.low)
    p_high = 0.0 if math.isinf(region.high) else p_less(values, region.high)
    p: FloatArray = np.maximum(p_low, p_high)
    return p


def p_outside(values: FloatArray, region: Region) -> FloatArray:
    """Return p of "the mean is outside the region", on either side of it, along the last axis."""
    if math.isinf(region.low):
        return p_greater(values, region.high)
    if math.isinf(region.high):
        return p_less(values, region.low)
    p: FloatArray = np.minimum(1.0, 2 * np.minimum(p_less(values, region.low), p_greater(values, region.high)))
    return p
