"""Regions of claims, and tests of whether a mean lies inside."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from barestyle.study.regions import Region, claim_region, p_inside, p_outside

MARGIN = 0.2


@pytest.mark.parametrize(
    ("kind", "slight", "inside", "outside"),
    [
        ("better", False, [-0.3], [-0.1, 0.1, 0.3]),
        ("better", True, [-0.3, -0.1], [0.1, 0.3]),
        ("worse", False, [0.3], [-0.3, -0.1, 0.1]),
        ("worse", True, [0.1, 0.3], [-0.3, -0.1]),
        ("no-better", False, [-0.1, 0.1, 0.3], [-0.3]),
        ("equivalent", False, [-0.1, 0.1], [-0.3, 0.3]),
    ],
)
def test_the_region_of_a_claim(kind: str, slight: bool, inside: list[float], outside: list[float]) -> None:
    region = claim_region(kind, MARGIN, slight=slight)
    assert [region.contains(effect) for effect in inside] == [True] * len(inside)
    assert [region.contains(effect) for effect in outside] == [False] * len(outside)


def test_p_of_one_bound_is_that_of_the_t_distribution() -> None:
    values = np.random.default_rng(3).normal(0.1, 0.2, 12)
    t = (values.mean() - MARGIN) / (values.std(ddof=1) / math.sqrt(12))
    above = Region(MARGIN, math.inf)
    assert p_inside(values, above) == pytest.approx(stats.t.sf(t, 11))
    assert p_outside(values, above) == pytest.approx(stats.t.cdf(t, 11))
    assert p_inside(values, Region(-math.inf, MARGIN)) == pytest.approx(stats.t.cdf(t, 11))


def test_p_of_two_bounds_is_the_larger_of_two_tests() -> None:
    values = np.random.default_rng(4).normal(0.05, 0.1, 9)
    lower = stats.ttest_1samp(values, -MARGIN, alternative="greater").pvalue
    upper = stats.ttest_1samp(values, MARGIN, alternative="less").pvalue
    assert p_inside(values, Region(-MARGIN, MARGIN)) == pytest.approx(max(lower, upper))
    assert p_outside(values, Region(-MARGIN, MARGIN)) == pytest.approx(min(1, 2 * min(1 - lower, 1 - upper)))


def test_the_distance_is_that_of_the_nearer_end() -> None:
    assert Region(-0.2, 0.3).distance(0.25) == pytest.approx(0.05)
    assert Region(-0.2, 0.3).distance(0.4) == pytest.approx(0.1)
    assert Region(-math.inf, -0.2).distance(0.1) == pytest.approx(0.3)
