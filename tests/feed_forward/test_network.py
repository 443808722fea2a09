"""The layers of the network."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from barestyle.feed_forward import NetworkShape, StyleNetwork
from barestyle.feed_forward.layers import Convolution, OutputConvolution
from barestyle.feed_forward.network import unshuffle
from tests.feed_forward.cases import SHAPE, make_image, make_style


def test_the_output_convolution_is_the_learned_one_and_smoothing() -> None:
    convolution = OutputConvolution(5).requires_grad_(False)
    assert convolution.bias is not None
    x = torch.rand(1, 5, 12, 14, generator=torch.Generator().manual_seed(0))
    line = torch.tensor([0.25, 0.5, 0.25])
    smoothing = torch.outer(line, line).expand(5, 1, 3, 3)
    expected = F.conv2d(F.conv2d(F.pad(x, [2] * 4, mode="reflect"), smoothing, groups=5), convolution.core)
    torch.testing.assert_close(convolution(x), expected + convolution.bias.view(1, 3, 1, 1))


@pytest.mark.parametrize("grid", [(1, 2), (2, 1), (2, 2)])
def test_a_grid_of_two_pixels_gives_an_even_picture(grid: tuple[int, int]) -> None:
    """What a shuffled map has, if its four phases differ."""
    rows, columns = torch.arange(12) % grid[0], torch.arange(14) % grid[1]
    signs = (1 - 2 * ((rows[:, None] + columns) % 2)).float()
    painted = OutputConvolution(5).requires_grad_(False)(signs.expand(1, 5, 12, 14))
    assert float(painted.var((2, 3)).max()) < 1e-10


def test_pixels_become_channels_in_the_order_row_column_color() -> None:
    image = make_image(6, 8)
    channels = unshuffle(image)
    assert channels.shape == (1, 12, 3, 4)
    for row in range(2):
        for column in range(2):
            number = 3 * (2 * row + column)
            assert torch.equal(channels[:, number : number + 3], image[..., row::2, column::2])


def test_an_even_picture_gets_strokes() -> None:
    painted = make_style().network(torch.full((1, 3, 64, 64), 0.5), torch.tensor([[0.0, 1.0, 0.0]]))
    assert float(painted[..., 24:40, 24:40].std()) > 0.01


def test_noise_depends_on_the_origin() -> None:
    style, image, weights = make_style(), make_image(32, 32), torch.tensor([[0.0, 1.0, 0.0]])
    first = style.network(image, weights)
    assert torch.equal(style.network(image, weights, origins=[(0, 0)]), first)
    moved = style.network(image.expand(2, 3, 32, 32), weights, origins=[(0, 0), (64, 8)])
    torch.testing.assert_close(moved[:1], first)
    assert float((moved[1:] - first).abs().max()) > 0.01


def test_the_default_size_is_below_a_megabyte() -> None:
    count = sum(value.numel() for value in StyleNetwork(NetworkShape()).parameters())
    assert 2 * count < 10**6


@pytest.mark.parametrize("shape", [NetworkShape(), SHAPE])
def test_work_counts_the_multiplications_of_all_convolutions(shape: NetworkShape) -> None:
    network, counted = StyleNetwork(shape), []

    def count(module: torch.nn.Module, _: object, output: torch.Tensor) -> None:
        weight = module.weight
        assert isinstance(weight, torch.Tensor)
        counted.append(weight.numel() / weight.shape[0] * output.numel())

    for module in network.modules():
        if isinstance(module, Convolution | OutputConvolution):
            module.register_forward_hook(count)
    network(torch.zeros(1, 3, 64, 96), torch.tensor([[0.0, 1.0]]) if shape.styles == 1 else torch.eye(3)[1:2])
    assert sum(counted) == pytest.approx(64 * 96 * shape.work)
