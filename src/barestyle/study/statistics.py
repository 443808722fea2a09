"""Statistics of paired differences and of rates: tests, intervals, a correction for many tests, and sample sizes."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

LEVEL = 0.05
"""Significance level of all tests."""

POWER = 0.8
"""Power for which sample sizes are computed."""

RESAMPLES = 4000
"""Of the bootstrap."""


def p_greater(values: FloatArray, bound: float) -> float:
    """Return p of a one-sample t-test of "the mean is greater than `bound`"; exactly 0 or 1 if all values are equal."""
    if float(np.ptp(values)) == 0:
        return 0.0 if float(values[0]) > bound else 1.0
    return float(stats.ttest_1samp(values, bound, alternative="greater").pvalue)


def p_less(values: FloatArray, bound: float) -> float:
    """Return p of a one-sample t-test of "the mean is less than `bound`"; exactly 0 or 1 if all values are equal."""
    return p_greater(-values, -bound)


def bootstrap_interval(values: FloatArray) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the mean (BCa, with a fixed seed); the value itself if all are equal."""
    if float(np.ptp(values)) == 0:
        return float(values[0]), float(values[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        result = stats.bootstrap((values,), np.mean, n_resamples=RESAMPLES, method="BCa", rng=np.random.default_rng(0))
    return float(result.confidence_interval.low), float(result.confidence_interval.high)


def holm(ps: Sequence[float]) -> list[float]:
    """Return p-values after Holm's step-down correction (1979, https://www.jstor.org/stable/4615733), in their order.

    The smallest p is multiplied by the number of tests n, the next one by n - 1, and so on.
    """
    order = sorted(range(len(ps)), key=lambda i: ps[i])
    corrected = [1.0] * len(ps)
    highest = 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, ps[i] * (len(ps) - rank)))
        corrected[i] = highest
    return corrected


def binomial_interval(successes: int, number: int) -> tuple[float, float]:
    """Return the exact 95 % interval of a rate (Clopper and Pearson)."""
    interval = stats.binomtest(successes, number).proportion_ci(0.95)
    return float(interval.low), float(interval.high)


def required_differences(distance: float, deviation: float, *, tests: int, is_equivalence: bool) -> int:
    """Return about how many paired differences a test needs to decide with the power POWER.

    Args:
        distance: of the true mean from the bound that is tested, greater than 0.
        deviation: standard deviation of the differences.
        tests: number of tests in Holm's correction; its strictest level is used.
        is_equivalence: whether two one-sided tests must pass at once, each of which then needs more power
            (Julious 2004, doi:10.1002/sim.1783).
    """
    power = (1 + POWER) / 2 if is_equivalence else POWER
    quantiles = stats.norm.ppf(1 - LEVEL / tests) + stats.norm.ppf(power)
    return math.ceil(float((quantiles * deviation / distance) ** 2))


def required_runs(rate: float, low: float, high: float) -> int:
    """Return about how many runs are needed to separate an observed rate from the bounds of a claimed interval."""
    if rate == 0:
        return math.ceil(math.log(LEVEL / 2) / math.log1p(-low))  # the rule of three, at 97.5 %
    distance = max(min(abs(rate - low), abs(high - rate)), 1e-4)
    return math.ceil(float(stats.norm.ppf(1 - LEVEL / 2)) ** 2 * rate * (1 - rate) / distance**2)
