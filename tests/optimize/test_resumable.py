"""Warm starts: a run that begins with the curvature pairs of another."""

from __future__ import annotations

import torch

from barestyle.optimize import Minimizer
from barestyle.spec import LBFGS
from tests.optimize.problems import NO_PLATEAU, START, rosenbrock


def test_a_warm_start_continues_where_another_run_ended() -> None:
    whole = list(Minimizer(rosenbrock, START, LBFGS(steps=12, **NO_PLATEAU)))
    first = Minimizer(rosenbrock, START, LBFGS(steps=7, **NO_PLATEAU))
    list(first)
    assert first.best_so_far is not None
    second = list(
        Minimizer(
            rosenbrock, first.best_so_far.selected.image, LBFGS(steps=5, **NO_PLATEAU), warm_start=first.warm_start
        )
    )
    for first_half, other in zip(whole[7:], second, strict=True):
        torch.testing.assert_close(first_half.image, other.image, rtol=0, atol=1e-6)
    afresh = list(Minimizer(rosenbrock, first.best_so_far.selected.image, LBFGS(steps=5, **NO_PLATEAU)))
    assert not torch.allclose(afresh[-1].image, whole[-1].image, rtol=0, atol=1e-4)
    other_size = LBFGS(steps=5, history_size=3, **NO_PLATEAU)
    unusable = list(Minimizer(rosenbrock, first.best_so_far.selected.image, other_size, warm_start=first.warm_start))
    assert torch.equal(unusable[1].image, afresh[1].image), "pairs of a history of another size are not used"
