"""The compact form against the two-loop recursion, and against torch.optim.LBFGS."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from barestyle.networks import build_network
from barestyle.objective import build_objective
from barestyle.optimize import Minimizer
from barestyle.optimize.lbfgs_memory import BLOCK, LBFGSMemory
from barestyle.presets import preset
from barestyle.spec import PaperLBFGS, with_settings

Pair = tuple[Tensor, Tensor]


def recurse_in_two_loops(pairs: list[Pair], gradient: Tensor) -> Tensor:
    """Nocedal & Wright 2006, algorithm 7.4, in the vectors' own precision."""
    q = gradient.clone()
    factors = []
    for step, change in reversed(pairs):
        factors.append(step.dot(q) / change.dot(step))
        q -= factors[-1] * change
    step, change = pairs[-1]
    r = q * (step.dot(change) / change.dot(change))
    for (step, change), factor in zip(pairs, reversed(factors), strict=True):
        r += step * (factor - change.dot(r) / change.dot(step))
    return -r


def descend(size: int, count: int, length: int, dtype: torch.dtype) -> list[tuple[Tensor, Tensor]]:
    """Return the directions of the memory and of the recursion along a descent of a quadratic."""
    generator = torch.Generator().manual_seed(0)
    curvatures = torch.logspace(-1, 1, length, dtype=dtype)
    at = torch.randn(length, generator=generator, dtype=dtype)
    history, pairs, directions = LBFGSMemory(size), list[Pair](), []
    for number in range(count):
        gradient = curvatures * at
        direction = history.compute_direction(gradient)
        if pairs:
            directions.append((direction, recurse_in_two_loops(pairs[-size:], gradient)))
        step = direction * (0.9 if number else 0.01)
        history.add(step, curvatures * step)
        pairs.append((step, curvatures * step))
        at = at + step
    return directions


@pytest.mark.parametrize(
    ("size", "length"),
    [(1, 50), (5, 1000), (5, BLOCK), (40, 50), (40, 1000)]
    + [
        pytest.param(size, length, marks=pytest.mark.slow)
        for size, length in [(1, 3 * BLOCK + 5), (5, 3 * BLOCK + 5), (40, BLOCK), (40, 3 * BLOCK + 5)]
    ],
)
def test_directions_equal_the_two_loop_recursions(size: int, length: int) -> None:
    """With fewer numbers than pairs, the pairs are linearly dependent, and the compact form loses digits sooner."""
    for direction, expected in descend(size, 30, length, torch.float64):
        if float(expected.norm()) > 1e-8:
            assert float((direction - expected).norm() / expected.norm()) < 1e-6


def test_in_float32_it_differs_by_rounding() -> None:
    for direction, expected in descend(20, 30, 2 * BLOCK, torch.float32)[:20]:
        assert float((direction - expected).norm() / expected.norm()) < 1e-3


def test_pairs_without_curvature_are_not_stored() -> None:
    history = LBFGSMemory(3)
    step = torch.tensor([1.0, 0.0])
    history.add(step, -step)
    assert not history
    assert torch.equal(history.compute_direction(step), -step)
    history.add(step, 2 * step)
    assert history
    history.clear()
    assert torch.equal(history.compute_direction(step), -step)


def test_products_that_overflow_still_give_a_descent_direction() -> None:
    """Gradients of 1e25, as asymmetric weights make them: their squares are beyond float32, γ is 0."""
    generator = torch.Generator().manual_seed(0)
    history = LBFGSMemory(5)
    for _ in range(3):
        step = torch.randn(100, generator=generator)
        history.add(1e-25 * step, 1e25 * (step + 0.1 * torch.randn(100, generator=generator)))
        gradient = 1e25 * torch.randn(100, generator=generator)
        direction = history.compute_direction(gradient)
        assert bool(direction.isfinite().all())
        assert float(direction.double().dot(gradient.double())) < 0


def test_two_pairs_may_be_added_before_a_direction_is_computed() -> None:
    pairs = [(torch.tensor([1.0, 0.5]), torch.tensor([2.0, 0.1])), (torch.tensor([0.2, 1.0]), torch.tensor([0.3, 3.0]))]
    history = LBFGSMemory(4)
    for pair in pairs:
        history.add(*pair)
    gradient = torch.tensor([0.7, -0.4])
    torch.testing.assert_close(history.compute_direction(gradient), recurse_in_two_loops(pairs, gradient))


def test_thirty_iterations_on_a_real_objective_equal_torch(content: Tensor, style: Tensor) -> None:
    """In float64, where the two implementations agree to the end."""
    settings = {"network.channels": 8, "optimizer": "paper-lbfgs", "optimizer.steps": 2, "optimizer.history_size": 10}
    spec = with_settings(preset("npnd").spec, settings)
    assert isinstance(spec.optimizer, PaperLBFGS)
    content, style = content.double(), style.double()
    network = build_network(spec.network, seed=0, deepest_layer=spec.deepest_layer).double()
    objective = build_objective(spec, network, content, style)
    reference = content.clone().requires_grad_(True)
    optimizer = torch.optim.LBFGS([reference], history_size=10)
    losses: list[float] = []

    def closure() -> float:
        with torch.no_grad():
            reference.clamp_(0, 1)
        evaluation = objective.evaluate(reference)
        reference.grad = evaluation.gradient
        losses.append(float(evaluation.loss))
        return losses[-1]

    for _ in range(2):
        optimizer.step(closure)  # type: ignore[no-untyped-call]
    ours = [iterate.loss for iterate in Minimizer(objective.evaluate, content, spec.optimizer)]
    assert len(losses) >= 30
    assert ours[:30] == pytest.approx(losses[:30], rel=1e-5)
