"""Statistics against their definitions, second implementations and simulations."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from barestyle.study.statistics import (
    binomial_interval,
    bootstrap_interval,
    holm,
    p_greater,
    p_less,
    required_differences,
    required_runs,
)


def test_holm_follows_its_definition() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []


def test_one_sided_tests_agree_with_the_t_distribution() -> None:
    values = np.random.default_rng(3).normal(0.1, 0.2, 12)
    t = (values.mean() - 0.05) / (values.std(ddof=1) / math.sqrt(12))
    assert p_greater(values, 0.05) == pytest.approx(1 - stats.t.cdf(t, 11))
    assert p_greater(values, 0.05) + p_less(values, 0.05) == pytest.approx(1)


def test_equal_values_decide_exactly() -> None:
    values = np.full(5, 0.1)
    assert (p_greater(values, 0.0), p_greater(values, 0.2)) == (0.0, 1.0)
    assert (p_less(values, 0.0), p_less(values, 0.2)) == (1.0, 0.0)
    assert bootstrap_interval(values) == (0.1, 0.1)


def test_bootstrap_intervals_cover_the_mean_at_about_their_level() -> None:
    random = np.random.default_rng(4)
    intervals = [bootstrap_interval(random.normal(0.3, 1, 24)) for _ in range(100)]
    assert 0.85 <= np.mean([low <= 0.3 <= high for low, high in intervals]) <= 1.0


@pytest.mark.parametrize(("successes", "number"), [(1, 100), (5, 504), (30, 40)])
def test_binomial_intervals_agree_with_the_beta_distribution(successes: int, number: int) -> None:
    low = stats.beta.ppf(0.025, successes, number - successes + 1)
    high = stats.beta.ppf(0.975, successes + 1, number - successes)
    assert binomial_interval(successes, number) == pytest.approx((low, high), rel=1e-6)


@pytest.mark.parametrize("is_equivalence", [False, True])
def test_required_differences_have_the_power_that_they_are_computed_for(is_equivalence: bool) -> None:
    """Simulated: a mean at the given distance from the bound, or from both bounds of an equivalence test."""
    random = np.random.default_rng(2)
    number = required_differences(0.2, 0.8, tests=5, is_equivalence=is_equivalence)
    decided = []
    for _ in range(400):
        values = random.normal(0.0, 0.8, number)
        p = p_greater(values, -0.2) if not is_equivalence else max(p_greater(values, -0.2), p_less(values, 0.2))
        decided.append(p < 0.05 / 5)
    assert 0.72 < np.mean(decided) < 0.88


def test_required_runs_separate_a_rate_from_the_bounds() -> None:
    """The normal interval of the rate ends at the nearer bound; without explosions, the rule of three."""
    number = required_runs(0.03, 0.005, 0.1)
    half_width = 1.96 * math.sqrt(0.03 * 0.97 / number)
    assert half_width == pytest.approx(0.03 - 0.005, rel=0.02)
    assert (1 - 0.005) ** required_runs(0.0, 0.005, 0.1) <= 0.025 < (1 - 0.005) ** (required_runs(0.0, 0.005, 0.1) - 1)
