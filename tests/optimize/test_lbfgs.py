"""L-BFGS: known minima, independence of the loss's scale, and what ends it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from barestyle.objective import Evaluation
from barestyle.optimize import Minimizer
from barestyle.spec import LBFGS
from barestyle.stop_reasons import StopReason
from tests.optimize.problems import NO_PLATEAU, START, rosenbrock, scale_rosenbrock


def test_it_finds_rosenbrocks_minimum() -> None:
    minimizer = Minimizer(rosenbrock, START, LBFGS(steps=200, **NO_PLATEAU))
    list(minimizer)
    assert minimizer.best_so_far is not None
    torch.testing.assert_close(minimizer.best_so_far.selected.image, torch.full_like(START, 1 / 1.5), rtol=0, atol=1e-2)


@pytest.mark.parametrize("factor", [1e-12, 1e12])
def test_the_scale_of_the_loss_does_not_matter(factor: float) -> None:
    plain = list(Minimizer(scale_rosenbrock(1.0), START, LBFGS(steps=15, **NO_PLATEAU)))
    other = list(Minimizer(scale_rosenbrock(factor), START, LBFGS(steps=15, **NO_PLATEAU)))
    assert plain[-1].evaluations == other[-1].evaluations
    torch.testing.assert_close(plain[-1].image, other[-1].image, rtol=0, atol=1e-3)
    assert other[-1].loss == pytest.approx(plain[-1].loss * factor, rel=1e-2)


def test_a_start_without_gradient_ends_at_once() -> None:
    minimizer = Minimizer(lambda image: Evaluation(torch.tensor(0.0), {}, torch.zeros_like(image)), START, LBFGS())
    assert len(list(minimizer)) == 1
    assert minimizer.ending.reason is StopReason.ZERO_GRADIENT


def test_it_backs_away_from_values_that_are_nan() -> None:
    def evaluate(image: Tensor) -> Evaluation:
        if float(image.mean()) > 0.6:
            return Evaluation(torch.tensor(torch.nan), {}, torch.full_like(image, torch.nan))
        return Evaluation((image - 0.7).square().sum(), {}, 2 * (image - 0.7))

    minimizer = Minimizer(evaluate, torch.full((1, 3, 4, 4), 0.2), LBFGS(steps=30))
    list(minimizer)
    assert minimizer.best_so_far is not None
    assert 0.55 < float(minimizer.best_so_far.selected.image.mean()) <= 0.6
