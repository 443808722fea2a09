"""Statistics of paired differences: one-sided tests, intervals, and a correction for the number of tests."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

Numbers = np.ndarray[Any, np.dtype[np.float64]]

RESAMPLES = 4000


def above(values: Numbers, bound: float) -> float:
    """p of a paired, one-sided t-test that the mean difference lies above a bound; exact where none differs."""
    if float(np.ptp(values)) == 0:
        return 0.0 if float(values[0]) > bound else 1.0
    return float(stats.ttest_1samp(values, bound, alternative="greater").pvalue)


def below(values: Numbers, bound: float) -> float:
    """The same for a mean difference below a bound."""
    return above(-values, -bound)


def interval(values: Numbers) -> tuple[float, float]:
    """95 % bootstrap interval of the mean (BCa, seeded); the value itself where all are the same."""
    if float(np.ptp(values)) == 0:
        return float(values[0]), float(values[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        found = stats.bootstrap((values,), np.mean, n_resamples=RESAMPLES, method="BCa", rng=np.random.default_rng(0))
    return float(found.confidence_interval.low), float(found.confidence_interval.high)


def holm(ps: Sequence[float]) -> list[float]:
    """Holm's step-down correction (1979): the smallest p times their number, the next times one less, and so on."""
    order = sorted(range(len(ps)), key=lambda i: ps[i])
    corrected = [1.0] * len(ps)
    highest = 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, ps[i] * (len(ps) - rank)))
        corrected[i] = highest
    return corrected
