"""Statistics of paired differences and of rates: tests, intervals, a correction for many tests, and sample sizes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import special, stats

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

LEVEL = 0.05
"""Highest expected share of wrong verdicts among all that are given; see `verdicts.judge`."""

POWER = 0.8
"""Power for which sample sizes are computed."""


def p_greater(values: FloatArray, bound: float) -> FloatArray:
    """Return p of a one-sample t-test of "the mean is greater than `bound`", along the last axis.

    Exactly 0 or 1 where all values are equal.
    """
    number = values.shape[-1]
    deviation = values.std(axis=-1, ddof=1)
    excess = values.mean(axis=-1) - bound
    is_constant = np.ptp(values, axis=-1) == 0
    with np.errstate(divide="ignore", invalid="ignore"):
        p = special.stdtr(number - 1, -excess / (deviation / math.sqrt(number)))
    certain = np.where(values[..., 0] > bound, 0.0, 1.0)
    tested: FloatArray = np.where(is_constant, certain, p)
    return tested


def p_less(values: FloatArray, bound: float) -> FloatArray:
    """Return p of a one-sample t-test of "the mean is less than `bound`", along the last axis; see `p_greater`."""
    return p_greater(-values, -bound)


def mean_interval(values: FloatArray) -> tuple[float, float]:
    """Return the 95 % t-interval of the mean of at least two values; the value itself if all are equal."""
    if float(np.ptp(values)) == 0:
        return float(values[0]), float(values[0])
    interval = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    return float(interval.low), float(interval.high)


def benjamini_hochberg(ps: Sequence[float]) -> list[float]:
    """Return p-values adjusted for their number, in their order (1995, doi:10.1111/j.2517-6161.1995.tb02031.x).

    Among the hypotheses whose adjusted p is at most q, the expected share of false ones is at most q.
    """
    return [float(p) for p in stats.false_discovery_control(ps, method="bh")] if ps else []


def spending_weights(looks: Sequence[int]) -> list[float]:
    """Return the share of the error that each look at growing data may spend, in proportion to the number of pairs.

    The smallest p of all looks, each divided by its share, is a valid p whenever one stops, as the shares sum to 1
    (Bonferroni's inequality).
    """
    return [look / sum(looks) for look in looks]


def binomial_interval(successes: int, number: int) -> tuple[float, float]:
    """Return the exact 95 % interval of a rate (Clopper and Pearson)."""
    interval = stats.binomtest(successes, number).proportion_ci(0.95)
    return float(interval.low), float(interval.high)


def rate_p_values(successes: int, number: int, low: float, high: float) -> tuple[float, float]:
    """Return p of "the rate is between low and high", and p of "it is not", by exact binomial tests.

    No rate is below a low end of 0, or above a high end of 1.
    """

    def test(bound: float, alternative: str) -> float:
        return float(stats.binomtest(successes, number, bound, alternative=alternative).pvalue)

    above_low, below_low = (test(low, "greater"), test(low, "less")) if low > 0 else (0.0, 1.0)
    below_high, above_high = (test(high, "less"), test(high, "greater")) if high < 1 else (0.0, 1.0)
    return max(below_high, above_low), min(1.0, 2 * min(above_high, below_low))


def power_of_test(distance: float, deviation: float, number: int, level: float) -> float:
    """Return about the probability that a one-sided test of `number` differences at a level rejects a bound.

    Args:
        distance: of the true mean from the bound.
        deviation: standard deviation of the differences.
        number: of differences.
        level: of the test.
    """
    if deviation == 0:
        return 1.0 if distance > 0 else 0.0
    return float(stats.norm.sf(stats.norm.isf(level) - distance * math.sqrt(number) / deviation))


def required_pairs(distance: float, deviation: float, *, level: float) -> int | None:
    """Return about how many pairs a one-sided test at a level needs to decide with the power POWER.

    None if the distance of the mean from the bound is 0: no number of pairs decides.
    """
    if distance == 0:
        return None
    quantiles = stats.norm.isf(level) + stats.norm.ppf(POWER)
    return max(2, math.ceil(float((quantiles * deviation / distance) ** 2)))


def required_runs(rate: float, low: float, high: float) -> int:
    """Return about how many runs are needed to separate an observed rate from the bounds of a claimed interval."""
    if rate == 0:
        # The rule of three, at 97.5%: so many runs without an event show that the rate is below a bound.
        return math.ceil(math.log(LEVEL / 2) / math.log1p(-(low or high)))
    distance = max(min(abs(rate - low), abs(high - rate)), 1e-4)
    return math.ceil(float(stats.norm.ppf(1 - LEVEL / 2)) ** 2 * rate * (1 - rate) / distance**2)
