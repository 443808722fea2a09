"""The backward passes of a layer, against autograd."""

from __future__ import annotations

import pytest
import torch

from barestyle.networks import Layer

SIZES = [(8, 10), (9, 10), (8, 11), (7, 7)]


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kernel", [2, 3, 5])
@pytest.mark.parametrize("inputs", [3, 8])
def test_the_gradient_beyond_a_band_is_autograds(size: tuple[int, int], kernel: int, inputs: int) -> None:
    """Of rows of features in the middle of a map, for all rows of the input that they depend on."""
    layer = Layer(draw(6, inputs, kernel, kernel), draw(6), "relu", "none")
    height, width = size
    image = draw(1, inputs, height + layer.before + layer.after, width, seed=1).requires_grad_(True)
    features = layer.convolve(image)
    gradient = draw(*features.shape, seed=2)
    expected = torch.autograd.grad(features, image, gradient)[0]
    torch.testing.assert_close(layer.convolve_back_full(gradient), expected)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("pooling", ["none", "max", "average"])
@pytest.mark.parametrize("activation", ["relu", "none"])
def test_the_gradient_of_activation_and_pooling_is_autograds(
    size: tuple[int, int], pooling: str, activation: str
) -> None:
    layer = Layer(draw(4, 3, 3, 3), draw(4), activation, pooling)  # type: ignore[arg-type]
    features = draw(1, 4, *size).requires_grad_(True)
    pooled = layer.activate_and_pool(features)
    gradient = draw(*pooled.shape, seed=1)
    expected = torch.autograd.grad(pooled, features, gradient)[0]
    actual = layer.activate_and_pool_backward(gradient.clone(), features.detach())
    torch.testing.assert_close(actual, expected)
