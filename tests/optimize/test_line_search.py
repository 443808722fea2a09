"""The line search: both Wolfe conditions, whatever the first step."""

from __future__ import annotations

import math

import pytest

from barestyle.optimize.line_search import CURVATURE, SUFFICIENT_DECREASE, Probe, search_strong_wolfe


@pytest.mark.parametrize("first", [1e-6, 1e-2, 1.0, 50.0])
@pytest.mark.parametrize("power", [2, 4, 1.2])
def test_it_satisfies_both_wolfe_conditions(first: float, power: float) -> None:
    """On |t - 1|^p - t/20, whatever the first length."""

    def value(t: float) -> float:
        return float(abs(t - 1) ** power - t / 20)

    def slope(t: float) -> float:
        return float(power * abs(t - 1) ** (power - 1) * (1 if t > 1 else -1) - 1 / 20)

    def probe(t: float) -> Probe:
        return Probe(t, value(t), slope(t))

    end = search_strong_wolfe(probe, probe(0.0), first, budget=40)
    assert end.value <= value(0) + SUFFICIENT_DECREASE * end.length * slope(0)
    assert abs(end.slope) <= CURVATURE * abs(slope(0))


def test_values_that_are_not_finite_are_backed_away_from() -> None:
    """f(t) = (t - 1)², NaN beyond 0.9; the first step of 64 is far beyond."""

    def probe(t: float) -> Probe:
        return Probe(t, (t - 1) ** 2, 2 * (t - 1)) if t <= 0.9 else Probe(t, math.nan, math.nan)

    end = search_strong_wolfe(probe, probe(0.0), 64.0, budget=40)
    assert 0 < end.length <= 0.9
    assert end.value < 1


def test_without_a_lower_point_the_start_is_returned() -> None:
    start = Probe(0.0, 1.0, -1.0)
    assert search_strong_wolfe(lambda t: Probe(t, 2.0, 1.0), start, 1.0, budget=5).length == 0
