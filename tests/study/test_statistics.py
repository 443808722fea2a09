"""Statistics against their definitions, second implementations and simulations."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from barestyle.study.statistics import (
    benjamini_hochberg,
    binomial_interval,
    mean_interval,
    p_greater,
    p_less,
    power_of_test,
    rate_p_values,
    required_pairs,
    required_runs,
    spending_weights,
)


def test_benjamini_hochberg_follows_its_definition() -> None:
    """The smallest p times n, the next one times n / 2, and so on, and none larger than a later one."""
    assert benjamini_hochberg([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.02, 0.04, 0.04, 0.02])
    assert benjamini_hochberg([0.6, 0.7]) == pytest.approx([0.7, 0.7])
    assert benjamini_hochberg([]) == []


def test_one_sided_tests_agree_with_the_t_distribution() -> None:
    values = np.random.default_rng(3).normal(0.1, 0.2, 12)
    t = (values.mean() - 0.05) / (values.std(ddof=1) / math.sqrt(12))
    assert p_greater(values, 0.05) == pytest.approx(1 - stats.t.cdf(t, 11))
    assert p_greater(values, 0.05) + p_less(values, 0.05) == pytest.approx(1)


def test_equal_values_decide_exactly() -> None:
    values = np.full(5, 0.1)
    assert [float(p_greater(values, bound)) for bound in (0.0, 0.2)] == [0.0, 1.0]
    assert [float(p_less(values, bound)) for bound in (0.0, 0.2)] == [1.0, 0.0]
    assert mean_interval(values) == (0.1, 0.1)


def test_intervals_cover_the_mean_at_their_level() -> None:
    random = np.random.default_rng(4)
    intervals = [mean_interval(random.normal(0.3, 1, 8)) for _ in range(1000)]
    assert 0.93 <= np.mean([low <= 0.3 <= high for low, high in intervals]) <= 0.97


@pytest.mark.parametrize(("successes", "number"), [(1, 100), (5, 504), (30, 40)])
def test_binomial_intervals_agree_with_the_beta_distribution(successes: int, number: int) -> None:
    low = stats.beta.ppf(0.025, successes, number - successes + 1)
    high = stats.beta.ppf(0.975, successes + 1, number - successes)
    assert binomial_interval(successes, number) == pytest.approx((low, high), rel=1e-6)


def test_rates_are_tested_by_binomial_tails() -> None:
    """30 of 1000 lie between 0.5 % and 10 %, 300 of 1000 do not, and 3 of 100 are too few to say."""
    p, p_opposite = rate_p_values(30, 1000, 0.005, 0.1)
    assert p == pytest.approx(max(stats.binom.cdf(30, 1000, 0.1), stats.binom.sf(29, 1000, 0.005)))
    assert p_opposite == 1.0
    assert rate_p_values(300, 1000, 0.005, 0.1)[1] == pytest.approx(2 * stats.binom.sf(299, 1000, 0.1))
    assert min(rate_p_values(1, 100, 0.005, 0.1)) > 0.05


def test_no_rate_is_below_0() -> None:
    p, p_opposite = rate_p_values(0, 500, 0.0, 0.05)
    assert p == pytest.approx(stats.binom.cdf(0, 500, 0.05))
    assert p_opposite == 1.0
    assert required_runs(0.0, 0.0, 0.05) == math.ceil(math.log(0.025) / math.log(0.95))


def test_a_look_may_spend_in_proportion_to_its_pairs() -> None:
    assert spending_weights([8, 16, 32]) == pytest.approx([1 / 7, 2 / 7, 4 / 7])
    assert spending_weights([5]) == [1.0]


def test_required_pairs_have_the_power_that_they_are_computed_for() -> None:
    """Simulated: a mean at the given distance from the bound."""
    random = np.random.default_rng(2)
    number = required_pairs(0.2, 0.8, level=0.01)
    assert number is not None
    decided = [p_greater(random.normal(0.0, 0.8, number), -0.2) < 0.01 for _ in range(400)]
    assert 0.72 < np.mean(decided) < 0.88
    assert power_of_test(0.2, 0.8, number, 0.01) == pytest.approx(0.8, abs=0.01)
    assert required_pairs(0.0, 0.8, level=0.01) is None


def test_a_difference_without_deviation_is_certain() -> None:
    assert (power_of_test(0.2, 0.0, 5, 0.01), power_of_test(0.0, 0.0, 5, 0.01)) == (1.0, 0.0)
    assert required_pairs(0.2, 0.0, level=0.01) == 2


def test_required_runs_separate_a_rate_from_the_bounds() -> None:
    """The normal interval of the rate ends at the nearer bound; without explosions, the rule of three."""
    number = required_runs(0.03, 0.005, 0.1)
    half_width = 1.96 * math.sqrt(0.03 * 0.97 / number)
    assert half_width == pytest.approx(0.03 - 0.005, rel=0.02)
    assert (1 - 0.005) ** required_runs(0.0, 0.005, 0.1) <= 0.025 < (1 - 0.005) ** (required_runs(0.0, 0.005, 0.1) - 1)
