"""The scaled objective: the penalty on the range, and losses that are not finite."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from barestyle.objective import Evaluation
from barestyle.optimize import ExplosionError, Minimizer
from barestyle.optimize.scaled_objective import ScaledObjective
from barestyle.spec import LBFGS, Adam
from tests.optimize.problems import START


@pytest.mark.parametrize("spec", [LBFGS(steps=40), Adam(steps=80)])
def test_the_penalty_keeps_pixels_near_their_range(spec: LBFGS | Adam) -> None:
    """The unconstrained minimum is at 3; with the penalty pixels stay near 1, and iterates are clamped."""
    largest_values: list[float] = []

    def evaluate(image: Tensor) -> Evaluation:
        largest_values.append(float(image.max()))
        return Evaluation((image - 3).square().mean(), {}, 2 * (image - 3) / image.numel())

    minimizer = Minimizer(evaluate, START, spec)
    list(minimizer)
    assert minimizer.best_so_far is not None
    assert float(minimizer.best_so_far.selected.image.max()) <= 1
    assert largest_values[-1] < 1.3


def test_a_start_whose_loss_is_not_finite_is_an_explosion() -> None:
    evaluate = lambda image: Evaluation(torch.tensor(torch.inf), {}, image)  # noqa: E731
    with pytest.raises(ExplosionError):
        list(Minimizer(evaluate, START, LBFGS()))


def test_a_gradient_whose_norm_overflows_is_not_an_explosion() -> None:
    """Large weights cause losses of 1e30; divided by the first loss, all numbers are of order 1."""

    def evaluate(image: Tensor) -> Evaluation:
        return Evaluation(1e30 * (image - 0.7).square().mean(), {}, 2e30 * (image - 0.7) / image.numel())

    iterates = list(Minimizer(evaluate, START, LBFGS(steps=5)))
    assert math.isinf(iterates[0].gradient_norm)
    assert iterates[-1].loss < 1e-6 * iterates[0].loss


@pytest.mark.parametrize("scale", [None, 0.125])
def test_it_is_the_scaled_loss_plus_the_penalty(scale: float | None) -> None:
    """The gradient is compared with autograd's, in float64."""
    start = torch.full((1, 3, 4, 4), 0.25, dtype=torch.float64)
    image = torch.linspace(-0.5, 1.5, 48, dtype=torch.float64).view(1, 3, 4, 4)

    def evaluate(image: Tensor) -> Evaluation:
        return Evaluation((image - 2).square().sum(), {}, 2 * (image - 2))

    objective = ScaledObjective(evaluate, range_penalty=7.0, scale=scale)
    first = objective.evaluate(start)
    assert objective.scale == pytest.approx(scale or 1 / first.scalars.loss)
    leaf = image.clone().requires_grad_(True)
    excess = leaf - leaf.detach().clamp(0, 1)
    expected = objective.scale * (leaf - 2).square().sum() + 7 * excess.square().mean()
    (gradient,) = torch.autograd.grad(expected, leaf)
    evaluation = objective.evaluate(image)
    assert evaluation.value == pytest.approx(float(expected.detach()))
    torch.testing.assert_close(evaluation.gradient, gradient.flatten())
    assert objective.evaluations == 2
