"""How much of a run is done and how long the rest takes, from its stages' costs and the time so far."""

from __future__ import annotations

import math
from collections.abc import Sequence

from barestyle.run.stage_costs import StageCost

MODEL_SHARE = 0.02
"""Share of a run for whose duration the measured speed of the machine counts as much as the time so far.

At the beginning a few slow evaluations, in which libraries build their kernels, must not decide.
"""

SETTLED_STEPS = 3
"""Steps before which no time left is given."""

SETTLED_SHARE = 0.05
"""Share of the work before which no time left is given, unless SETTLED_SECONDS have passed."""

SETTLED_SECONDS = 5.0
"""Seconds after which even a small share of a long run tells its speed."""

OVERTIME = 1.2
"""A stage that takes more than its usual number of steps will take at least so many times those that it has taken."""

TREND_PATIENCES = 2
"""Length of the trend of the loss's decrease, in patiences of the plateau detector."""


class TimeLeft:
    """The share of a run that is done, and the seconds left: call `update` after every iterate, and read them.

    Args:
        costs: of the stages, in order.
        is_calibrated: whether the costs are seconds of this machine; otherwise only their ratios count.

    Attributes:
        share: of the work after the first iterate that is done, 0..1. It never decreases, except when a run restarts.
        seconds: left; None until enough is done for an estimate.
    """

    def __init__(self, costs: Sequence[StageCost], *, is_calibrated: bool) -> None:
        self._costs = list(costs)
        self._model_share = MODEL_SHARE if is_calibrated else 0.0
        self._begin(0)

    def _begin(self, restarts: int) -> None:
        """Begin an attempt."""
        self._restarts = restarts
        self._index, self._first_step, self._step, self._iterates = 0, 0, -1, 0
        self._finished = 0.0
        self._start: tuple[float, float] | None = None
        self._best_losses: list[float] = []
        self.share = 0.0
        self.seconds: float | None = None

    def update(self, step: int, *, seconds: float, loss: float, restarts: int = 0) -> None:
        """Take the state after an iterate.

        Args:
            step: number of the iterate, before which earlier stages count with all their steps.
            seconds: since the run started.
            loss: of the iterate.
            restarts: attempts that exploded before this one.
        """
        if restarts > self._restarts:
            self._begin(restarts)
        self._find_stage(step)
        self._step, self._iterates = step, self._iterates + 1
        self._best_losses.append(min(loss, *self._best_losses[-1:]) if self._best_losses else loss)
        done, left = self._measure_work()
        if self._start is None:  # the time before the first iterate includes loading libraries
            self._start = seconds, done
        before = self._costs[0].setup  # is done before the first iterate, at which the share is 0
        self.share = max(self.share, (done - before) / (done + left - before) if done > before else 0.0)
        self.seconds = self._estimate(seconds - self._start[0], done - self._start[1], done + left, left)

    def _find_stage(self, step: int) -> None:
        """Move on to the stage of a step; the start of a stage has the number of the end of the stage before."""
        while self._index + 1 < len(self._costs):
            cost = self._costs[self._index]
            end = self._first_step + cost.steps
            if step < end or (step == end and self._step == step - 1):
                return
            is_skipped = self._step < self._first_step  # by a resumed run
            taken = cost.steps if is_skipped else self._step - self._first_step
            self._finished += cost.setup + taken * cost.step
            self._index, self._first_step = self._index + 1, end
            self._best_losses = []

    def _measure_work(self) -> tuple[float, float]:
        """Return the seconds, by the model, of what is done and of what is left."""
        cost, taken = self._costs[self._index], self._step - self._first_step
        done = self._finished + cost.setup + taken * cost.step
        left = sum(later.seconds for later in self._costs[self._index + 1 :])
        return done, left + (forecast_steps(cost, self._best_losses, taken) - taken) * cost.step

    def _estimate(self, seconds: float, done: float, total: float, left: float) -> float | None:
        """Return the seconds left.

        Args:
            seconds: since the first iterate.
            done: seconds by the model since the first iterate.
            total: seconds of the run by the model.
            left: seconds left by the model.
        """
        is_early = total - left < SETTLED_SHARE * total and seconds < SETTLED_SECONDS
        if self._iterates <= SETTLED_STEPS or is_early or done <= 0:
            return None
        model = self._model_share * total
        return left * (seconds + model) / (done + model)


def forecast_steps(cost: StageCost, best_losses: Sequence[float], taken: int) -> float:
    """Return how many steps a stage will take, at least `taken` and at most `cost.steps`.

    The decrease of the loss's logarithm over `patience` steps falls by about the same factor from step to step; the
    stage ends when the loss decreases by less than the tolerance. At first the trend is steeper than later, so
    the usual number of steps counts more if the trend's end is far away.

    Args:
        cost: of the stage.
        best_losses: the lowest loss after the start and after every step so far.
        taken: steps so far.
    """
    # A stage that takes longer than usual is taken to go on for a while, so that the time left does not jump.
    usual = max(min(cost.steps, max(cost.expected, OVERTIME * taken)), float(taken))
    if cost.patience is None or len(best_losses) <= (1 + TREND_PATIENCES) * cost.patience or not cost.tolerance:
        return usual
    length = TREND_PATIENCES * cost.patience
    earlier, now = (_measure_decrease(best_losses, cost.patience, back) for back in (length, 0))
    least = -math.log1p(-cost.tolerance)
    if now <= least:
        return float(taken)
    if now >= earlier:
        return usual
    trend = taken + length * math.log(now / least) / math.log(earlier / now)
    share = taken / trend
    forecast = math.exp(share * math.log(trend) + (1 - share) * math.log(usual))
    return min(max(forecast, float(taken)), float(cost.steps))


def _measure_decrease(losses: Sequence[float], patience: int, back: int) -> float:
    """Return how far the loss's logarithm decreased over `patience` steps that ended `back` steps ago."""
    before, after = losses[-1 - back - patience], losses[-1 - back]
    return math.log(before / after) if before > 0 and after > 0 else math.inf
