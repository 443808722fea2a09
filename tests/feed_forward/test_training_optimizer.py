"""Steps of the training's optimizer."""

from __future__ import annotations

import pytest
import torch

from barestyle.feed_forward import StyleNetwork
from barestyle.feed_forward.training_optimizer import TrainingOptimizer, compute_step, orthogonalize
from tests.feed_forward.cases import SHAPE, make_image


@pytest.mark.parametrize("shape", [(6, 20), (20, 6), (9, 9)])
def test_singular_values_become_about_one(shape: tuple[int, int]) -> None:
    """The exact polynomial, (15 x - 10 x^3 + 3 x^5) / 8, gives the orthogonal factor of the polar decomposition."""
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    exact = orthogonalize(matrix, 60, (15 / 8, -10 / 8, 3 / 8))
    torch.testing.assert_close(exact, left @ right, atol=1e-6, rtol=0)
    quick = orthogonalize(matrix)
    assert float((torch.linalg.svdvals(quick) - 1).abs().max()) < 0.4
    # It has the singular vectors of the matrix.
    inner = left.T @ quick @ right.T
    torch.testing.assert_close(inner, inner.diagonal().diag(), atol=1e-6, rtol=0)


def test_a_step_does_not_depend_on_the_length_of_the_gradient() -> None:
    gradient = torch.randn(8, 4, 3, 3, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(compute_step(gradient), compute_step(1000 * gradient))
    assert torch.equal(compute_step(torch.zeros(8, 4, 3, 3)), torch.zeros(8, 4, 3, 3))


def take_steps(optimizer: TrainingOptimizer, network: StyleNetwork, seeds: range, rate: float = 1.0) -> None:
    for seed in seeds:
        optimizer.clear_gradients()
        network(make_image(32, 40, seed), torch.tensor([[0.0, 1.0, 0.0]])).square().mean().backward()
        optimizer.step(rate)


def test_every_parameter_is_changed() -> None:
    torch.manual_seed(0)
    network = StyleNetwork(SHAPE)
    before = {name: value.detach().clone() for name, value in network.named_parameters()}
    take_steps(TrainingOptimizer(network), network, range(2))
    assert [name for name, value in network.named_parameters() if torch.equal(value, before[name])] == []


def test_no_rate_changes_nothing() -> None:
    network = StyleNetwork(SHAPE)
    before = {name: value.detach().clone() for name, value in network.named_parameters()}
    take_steps(TrainingOptimizer(network), network, range(2), rate=0.0)
    assert all(torch.equal(value, before[name]) for name, value in network.named_parameters())


def test_another_optimizer_continues_from_the_state() -> None:
    torch.manual_seed(0)
    whole, part = StyleNetwork(SHAPE), StyleNetwork(SHAPE)
    part.load_state_dict(whole.state_dict())
    take_steps(TrainingOptimizer(whole), whole, range(4))
    first = TrainingOptimizer(part)
    take_steps(first, part, range(2))
    second = TrainingOptimizer(part)
    second.load_state(first.state())
    take_steps(second, part, range(2, 4))
    for one, other in zip(whole.parameters(), part.parameters(), strict=True):
        assert torch.equal(one, other)
