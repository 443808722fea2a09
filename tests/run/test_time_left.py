"""The time left of synthetic runs whose costs are known."""

from __future__ import annotations

from itertools import pairwise

import pytest

from barestyle.run.stage_costs import StageCost
from barestyle.run.time_left import OVERTIME, SETTLED_SECONDS, SETTLED_STEPS, TimeLeft, forecast_steps

COSTS = [StageCost(20, 20, 1.0, 0.1), StageCost(10, 10, 2.0, 0.5), StageCost(5, 5, 4.0, 2.0)]
TOTAL = sum(cost.seconds for cost in COSTS)
SETUP = COSTS[0].setup
"""Seconds before the first iterate, at which the share is 0."""


def simulate(
    time_left: TimeLeft, costs: list[StageCost], *, slowness: float = 1.0, warm_up: float = 0.0, taken: float = 1.0
) -> list[tuple[float, float, float | None]]:
    """Return the seconds, the share and the time left after each iterate; stages take a share of their steps."""
    seconds, first_step = warm_up, 0
    states = []
    for cost in costs:
        seconds += slowness * cost.setup
        for step in range(round(taken * cost.steps) + 1):
            seconds += slowness * cost.step if step else 0.0
            time_left.update(first_step + step, seconds=seconds, loss=1.0)
            states.append((seconds, time_left.share, time_left.seconds))
        first_step += cost.steps
    return states


def test_a_run_that_follows_the_model_is_forecast_exactly() -> None:
    for is_calibrated in (True, False):
        for seconds, share, left in simulate(TimeLeft(COSTS, is_calibrated=is_calibrated), COSTS):
            assert share == pytest.approx((seconds - SETUP) / (TOTAL - SETUP))
            assert left is None or left == pytest.approx(TOTAL - seconds)


def test_no_time_is_given_before_it_has_settled() -> None:
    lefts = [left for _, _, left in simulate(TimeLeft(COSTS, is_calibrated=True), COSTS)]
    assert lefts[:SETTLED_STEPS] == [None] * SETTLED_STEPS
    assert None not in lefts[10:]
    assert lefts[-1] == 0


def test_a_long_run_has_settled_after_some_seconds() -> None:
    cost = StageCost(10**6, 10**6, 1.0, 0.5)
    time_left = TimeLeft([cost], is_calibrated=False)
    for step in range(10):
        time_left.update(step, seconds=2 + step, loss=1.0)
        assert (time_left.seconds is None) == (step < SETTLED_SECONDS)
    assert time_left.seconds == pytest.approx(10**6 - 9)


@pytest.mark.parametrize("is_calibrated", [True, False])
@pytest.mark.parametrize(
    ("slowness", "warm_up"), [(0.2, 0.0), (0.5, 2.0), (1.0, 0.0), (1.0, 2.0), (5.0, 0.0), (5.0, 2.0)]
)
def test_the_total_is_right_after_a_fifth_however_slow_the_machine(
    slowness: float, warm_up: float, is_calibrated: bool
) -> None:
    states = simulate(TimeLeft(COSTS, is_calibrated=is_calibrated), COSTS, slowness=slowness, warm_up=warm_up)
    truth = states[-1][0]
    ratios = [(seconds + left) / truth for seconds, _, left in states if seconds > truth / 5 and left is not None]
    assert len(ratios) > 10
    assert 1 / 1.5 < min(ratios) <= max(ratios) < 1.5


@pytest.mark.parametrize("taken", [0.3, 0.8, 1.0])
def test_shares_never_decrease_and_end_at_one(taken: float) -> None:
    shares = [share for _, share, _ in simulate(TimeLeft(COSTS, is_calibrated=False), COSTS, taken=taken)]
    assert shares == sorted(shares)
    assert 0 == shares[0] < shares[-1] <= 1
    assert shares[-1] == 1 or taken < 1


def test_steps_that_a_stage_leaves_out_are_not_counted() -> None:
    costs = [StageCost(40, 40, 1.0, 0.1), StageCost(20, 20, 1.0, 0.5)]
    shorter = [StageCost(10, 10, 1.0, 0.1), StageCost(20, 20, 1.0, 0.5)]
    time_left = TimeLeft(costs, is_calibrated=False)
    seconds = 1.0
    for step in [*range(11), *range(40, 46)]:
        seconds += {0: 0.0, 40: 1.0}.get(step, 0.1 if step < 40 else 0.5)
        time_left.update(step, seconds=seconds, loss=1.0)
    assert time_left.seconds == pytest.approx(sum(cost.seconds for cost in shorter) - seconds)


def test_a_restart_begins_again_with_the_speed_of_the_new_attempt() -> None:
    time_left = TimeLeft(COSTS, is_calibrated=False)
    for step in range(20):
        time_left.update(step, seconds=1 + 0.1 * step, loss=1.0)
    assert time_left.share > 0
    time_left.update(0, seconds=10.0, loss=1.0, restarts=1)
    assert time_left.share == 0
    assert time_left.seconds is None
    for step in range(1, 11):
        time_left.update(step, seconds=10 + 0.2 * step, loss=1.0, restarts=1)
    assert time_left.seconds == pytest.approx(2 * (TOTAL - 2))


def test_a_resumed_run_counts_the_stages_before() -> None:
    time_left = TimeLeft(COSTS, is_calibrated=False)
    for step in range(25, 29):
        time_left.update(step, seconds=3 + 2 + 0.5 * (step - 20), loss=1.0)
    assert time_left.share == pytest.approx((2 + 2 + 0.5 * 8) / (TOTAL - SETUP))
    assert time_left.seconds == pytest.approx(TOTAL - 9)


def decaying_losses(steps: int, *, rate: float) -> list[float]:
    """Losses whose relative decrease from step to step falls by a factor."""
    losses = [1.0]
    for step in range(steps):
        losses.append(losses[-1] * (1 - 0.3 * rate**step))
    return losses


@pytest.mark.parametrize("rate", [0.9, 0.95, 0.97])
def test_a_plateau_is_forecast_from_the_trend(rate: float) -> None:
    losses = decaying_losses(500, rate=rate)
    end = next(step for step in range(10, 500) if losses[step - 10] - losses[step] < 0.01 * losses[step - 10])
    cost = StageCost(2 * end, 2 * end, 0.0, 1.0, patience=10, tolerance=0.01)
    forecast = [forecast_steps(cost, losses[: step + 1], step) for step in range(max(30, round(0.6 * end)), end)]
    assert all(end / 1.35 < steps < 1.35 * end for steps in forecast)
    assert forecast[-1] == pytest.approx(end, rel=0.05)


def test_without_a_trend_the_usual_steps_are_expected() -> None:
    cost = StageCost(200, 50, 0.0, 1.0, patience=10, tolerance=0.01)
    assert forecast_steps(cost, [1.0, 0.9], 1) == 50
    assert forecast_steps(StageCost(200, 50, 0.0, 1.0), [1.0] * 61, 60) == OVERTIME * 60
    assert forecast_steps(StageCost(200, 50, 0.0, 1.0), [1.0] * 191, 190) == 200
    growing = [1 - (step / 100) ** 2 / 2 for step in range(60)]
    assert forecast_steps(cost, growing, 59) == pytest.approx(OVERTIME * 59)
    assert forecast_steps(cost, [1.0] * 60, 59) == 59


def test_the_time_left_does_not_jump_when_a_stage_takes_longer_than_usual() -> None:
    """With a patience so large that there is no trend yet."""
    cost = StageCost(200, 80, 0.0, 1.0, patience=40, tolerance=0.01)
    left = [forecast_steps(cost, [0.9**step for step in range(taken + 1)], taken) - taken for taken in range(1, 110)]
    assert max(later - earlier for earlier, later in pairwise(left)) < 1
