"""The minimizer: when it stops before its method ends."""

from __future__ import annotations

import copy

import pytest
from torch import Tensor

from barestyle.objective import Evaluation
from barestyle.optimize import Minimizer
from barestyle.optimize.minimizer import PlateauDetector
from barestyle.spec import LBFGS, Adam, PaperLBFGS
from barestyle.stop_reasons import StopReason
from tests.optimize.problems import START, rosenbrock


def test_it_stops_at_a_plateau() -> None:
    def never_below_one(image: Tensor) -> Evaluation:
        evaluation = rosenbrock(image)
        return Evaluation(evaluation.loss + 1, {}, evaluation.gradient)

    minimizer = Minimizer(never_below_one, START, LBFGS(steps=10_000, patience=5, tolerance=0.01))
    taken = list(minimizer)
    assert minimizer.ending.reason is StopReason.PLATEAU
    assert "the loss decreased by less than 1% in the last 5 iterations" in minimizer.ending.sentence
    losses = [iterate.loss for iterate in taken]
    best = [min(losses[: count + 1]) for count in range(len(losses))]
    stalled = [now > 0.99 * before for before, now in zip(best, best[5:], strict=False)]
    assert stalled.index(True) == len(stalled) - 1, "it stops at the first plateau"


@pytest.mark.parametrize(
    "spec", [LBFGS(steps=9), Adam(steps=9), PaperLBFGS(steps=3, iterations_per_step=3)], ids=lambda spec: spec.kind
)
def test_a_saved_minimizer_continues_bit_for_bit(spec: LBFGS | Adam | PaperLBFGS) -> None:
    whole = Minimizer(rosenbrock, START, spec)
    expected = [iterate.loss for iterate in whole]
    first, losses = Minimizer(rosenbrock, START, spec), []
    for iterate in first:
        losses.append(iterate.loss)
        if len(losses) == 5:
            break
    second = Minimizer(rosenbrock, START, spec)
    second.resume(copy.deepcopy(first.state()))
    losses += [iterate.loss for iterate in second]
    assert losses == expected
    assert second.ending == whole.ending


def test_before_its_end_a_minimizer_is_unfinished() -> None:
    minimizer = Minimizer(rosenbrock, START, LBFGS(steps=3))
    next(iter(minimizer))
    assert minimizer.ending.reason is StopReason.UNFINISHED


def test_a_plateau_needs_more_losses_than_its_patience() -> None:
    detector = PlateauDetector(LBFGS(patience=2, tolerance=0.1))
    for loss, is_at_plateau in ((1.0, False), (1.0, False), (1.0, True), (0.5, False), (0.49, False), (0.48, True)):
        detector.add(loss)
        assert detector.is_at_plateau is is_at_plateau
