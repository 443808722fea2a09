"""Built networks: the reference stack, kernel sizes, cutting, seeds, and the smallest picture."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from barestyle.networks import build_network, compute_minimum_side, normalize_image
from barestyle.networks.initialization import insert_gabor
from barestyle.networks.network import Stack
from barestyle.networks.vgg19 import load_layers
from barestyle.presets import PRESETS, preset
from barestyle.spec import VGG, HandMade, PretrainedBias, PretrainedWeights, Pyramid, with_settings
from tests.oracles import tutorial


def network_spec(**settings: Any) -> VGG | HandMade | Pyramid:
    return with_settings(preset("paper").spec, {k.replace("__", "."): v for k, v in settings.items()}).network


def test_the_papers_network_equals_the_oracle(content: Tensor) -> None:
    network = build_network(preset("paper").spec.network, seed=1, deepest_layer=5)
    assert isinstance(network, Stack)
    layers = [(layer.weight, layer.bias) for layer in network.layers]
    expected = tutorial.convolutions(layers, content, (2, 4))
    assert [maps.shape[1] for maps in expected] == [64, 64, 128, 128, 256]
    for tap, maps in network(content).items():
        torch.testing.assert_close(maps, expected[tap - 1], rtol=1e-4, atol=1e-4)


def test_trained_layers_are_used_unchanged(synthetic_weights: Path, content: Tensor) -> None:
    trained = load_layers(synthetic_weights, 5)
    network = build_network(
        VGG(weights=PretrainedWeights(), bias=PretrainedBias()), seed=1, deepest_layer=5, trained=trained
    )
    expected = tutorial.convolutions(list(zip(trained.weights, trained.biases, strict=True)), content, (2, 4))
    torch.testing.assert_close(network(content)[5], expected[4], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["paper", "npnd", "hand-made", "gaussian-pyramid", "laplacian-pyramid"])
def test_depth_does_not_change_weights_and_the_seed_does(name: str, content: Tensor) -> None:
    spec = PRESETS[name].spec.network
    whole = build_network(spec, seed=3, deepest_layer=5)(content)
    cut = build_network(spec, seed=3, deepest_layer=2)(content)
    other = build_network(spec, seed=4, deepest_layer=5)(content)
    assert list(whole) == [1, 2, 3, 4, 5]
    assert list(cut) == [1, 2]
    assert torch.equal(cut[2], whole[2])
    assert not torch.equal(other[5], whole[5])


@pytest.mark.parametrize("size", [2, 3])
def test_kernels_keep_the_size(size: int, content: Tensor) -> None:
    maps = build_network(
        network_spec(network__channels=4, network__pooling="none", network__kernel_size=size), seed=0, deepest_layer=5
    )(content)
    assert {tuple(m.shape[-2:]) for m in maps.values()} == {tuple(content.shape[-2:])}


def test_even_kernels_are_padded_right_and_below(content: Tensor) -> None:
    network = build_network(network_spec(network__channels=4, network__kernel_size=2), seed=0, deepest_layer=1)
    assert isinstance(network, Stack)
    weight, bias = (getattr(network.layers[0], name) for name in ("weight", "bias"))
    x = normalize_image(content)
    maps = network(content)[1]
    inner = torch.einsum("fcij,cij->f", weight, x[0, :, 5:7, 8:10]) + bias
    corner = torch.einsum("fc,c->f", weight[:, :, 0, 0], x[0, :, -1, -1]) + bias
    torch.testing.assert_close(maps[0, :, 5, 8], inner)
    torch.testing.assert_close(maps[0, :, -1, -1], corner)


def test_without_relu_the_network_is_linear(content: Tensor, style: Tensor) -> None:
    network = build_network(network_spec(network__activation="none", network__pooling="none"), seed=0, deepest_layer=5)
    other = style[..., : content.shape[-2], :].repeat(1, 1, 1, 2)[..., : content.shape[-1]]
    middle = network((content + other) / 2)[5]
    torch.testing.assert_close(middle, (network(content)[5] + network(other)[5]) / 2, rtol=1e-3, atol=1e-2)
    curved = build_network(network_spec(network__pooling="none"), seed=0, deepest_layer=5)
    assert not torch.allclose(curved((content + other) / 2)[5], (curved(content)[5] + curved(other)[5]) / 2, atol=0.1)


@pytest.mark.parametrize(("kind", "reduce"), [("max", torch.amax), ("average", torch.mean)])
def test_pooling_comes_after_the_relu(kind: str, reduce: Any, content: Tensor) -> None:
    """A 1x1 look at tap 2: it is the convolution of the pooled, rectified tap 1."""
    spec = network_spec(network__channels=4, network__pooling=kind, network__pooling__after=[1])
    network = build_network(spec, seed=0, deepest_layer=2)
    assert isinstance(network, Stack)
    taps = network(content)
    h, w = content.shape[-2:]
    pooled = reduce(taps[1].relu().reshape(1, 4, h // 2, 2, w // 2, 2), (3, 5))
    torch.testing.assert_close(network.layers[1](pooled), taps[2])


def test_pyramid_taps_come_after_relu_and_pooling(content: Tensor) -> None:
    plain = build_network(network_spec(network="pyramid"), seed=0, deepest_layer=5)(content)
    pooled = build_network(network_spec(network="pyramid", network__pooling="max"), seed=0, deepest_layer=5)(content)
    assert float(plain[1].min()) == 0
    assert plain[1].shape[-2:] == content.shape[-2:]
    assert [m.shape[-1] for m in pooled.values()] == [m.shape[-1] // 2 for m in plain.values()]


@pytest.mark.parametrize(
    "spec",
    [
        network_spec(),
        network_spec(network__pooling__after=[1, 2, 3, 4]),
        network_spec(network="pyramid"),
        network_spec(network="pyramid", network__pooling="max"),
        network_spec(network="pyramid", network__levels=8),
        network_spec(network="hand-made"),
    ],
)
def test_the_minimum_side_works_and_half_of_it_fails(
    spec: VGG | HandMade | Pyramid,
) -> None:
    side = compute_minimum_side(spec)
    deepest = spec.depth
    maps = build_network(spec, seed=0, deepest_layer=deepest)(torch.rand(1, 3, side, side))
    assert all(min(m.shape[-2:]) >= 1 for m in maps.values())
    assert bool(torch.isfinite(maps[deepest]).all())
    if side > 32:
        with pytest.raises(RuntimeError):
            build_network(spec, seed=0, deepest_layer=deepest)(torch.rand(1, 3, side // 2, side // 2))


def test_zero_mean_filters_respond_to_edges_only(content: Tensor) -> None:
    spec = network_spec(network__zero_mean_fraction=0.25, network__bias="zero", network__padding="reflect")
    plain = build_network(network_spec(), seed=1, deepest_layer=2)
    network = build_network(spec, seed=1, deepest_layer=2)
    assert isinstance(network, Stack)
    assert isinstance(plain, Stack)
    assert torch.equal(network.layers[0].weight[16:], plain.layers[0].weight[16:])
    assert torch.equal(network.layers[1].weight, plain.layers[1].weight)
    flat = network(torch.rand(1, 3, 1, 1, generator=torch.Generator().manual_seed(0)).expand(1, 3, 20, 20))[1][0]
    assert float(flat[:16].abs().max()) < 1e-6
    assert float(flat[16:].abs().median()) > 0.1
    assert float(network(content)[1][0, :16].abs().max()) > 0.1


def test_gabor_filters_replace_some_of_the_first_layer() -> None:
    plain = build_network(network_spec(), seed=1, deepest_layer=1)
    network = build_network(network_spec(network__gabor_fraction=0.25), seed=1, deepest_layer=1)
    assert isinstance(network, Stack)
    assert isinstance(plain, Stack)
    signs, mixed = plain.layers[0].weight, network.layers[0].weight
    assert mixed.shape == (64, 3, 5, 5)
    assert torch.equal(mixed[16:, :, 1:-1, 1:-1], signs[16:])
    assert float(mixed[16:].abs().sum()) == pytest.approx(float(signs[16:].abs().sum()), rel=1e-6)
    assert float(mixed[:16].sum((2, 3)).abs().max()) < 1e-6
    torch.testing.assert_close(mixed[:16].flatten(2).norm(dim=2), signs[:16].flatten(2).norm(dim=2))


def test_a_gabor_filter_is_a_wave_with_a_direction() -> None:
    """All colors have the same wave, and all directions occur equally often."""
    weight = insert_gabor(torch.ones(200, 3, 3, 3), 200, torch.Generator().manual_seed(0))
    assert torch.equal(weight[:, 1], weight[:, 0])
    assert torch.equal(weight[:, 2], weight[:, 0])
    power = torch.fft.fft2(weight[:, 0], (32, 32)).abs().square()
    frequency = torch.fft.fftfreq(32)
    y, x = torch.meshgrid(frequency, frequency, indexing="ij")
    # Along a direction the variance of the frequency is large where waves run that way: the structure tensor.
    tensors = torch.stack([(power * one).sum((1, 2)) for one in (x * x, x * y, y * y)])
    difference = ((tensors[0] - tensors[2]).square() + 4 * tensors[1].square()).sqrt()
    directedness = difference / (tensors[0] + tensors[2])
    assert float(directedness.median()) > 0.5
    angles = torch.atan2(2 * tensors[1], tensors[0] - tensors[2]) / 2
    histogram = torch.histc(angles, 4, -math.pi / 2, math.pi / 2)
    assert float(histogram.min()) > 40, "all directions occur"


def test_seeds_shift_the_same_bank_of_gabor_filters() -> None:
    """The offsets are random, the spacing is not: covariances of filters differ by seed less than random ones."""

    def compute_covariance(filters: torch.Tensor) -> torch.Tensor:
        return filters[:, 0].flatten(1).T @ filters[:, 0].flatten(1) / len(filters)

    banks = [insert_gabor(torch.ones(16, 3, 3, 3), 16, torch.Generator().manual_seed(seed)) for seed in range(20)]
    draws = torch.randn(20, 16, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    spreads = [torch.stack([compute_covariance(bank) for bank in group]) for group in (banks, draws)]
    bank_spread, draw_spread = (float(each.std(0).norm() / each.mean(0).norm()) for each in spreads)
    assert not torch.equal(banks[0], banks[1])
    assert bank_spread < 0.5 * draw_spread


def test_a_wider_first_layer_needs_a_larger_picture() -> None:
    deep = {"network__channels": [8] * 16, "network__pooling": "none", "network__padding": "reflect"}
    assert (
        compute_minimum_side(network_spec(**deep, network__gabor_fraction=0.5))
        == compute_minimum_side(network_spec(**deep)) + 1
    )


@pytest.mark.parametrize("name", ["bare", "gaussian-pyramid"])
def test_mirrored_borders_look_like_the_inside(name: str) -> None:
    """On a texture that is the same everywhere the outermost features have the inside's mean; with zeros they don't."""
    texture = torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    off = {}
    for padding in ("zeros", "reflect"):
        spec = with_settings(preset(name).spec, {"network.padding": padding})
        distances = []
        for maps in build_network(spec.network, seed=0, deepest_layer=spec.deepest_layer)(texture).values():
            if min(maps.shape[-2:]) < 32:
                continue  # too few pixels to speak of a mean
            inside = maps[0, :, 8:-8, 8:-8].flatten(1)
            border = torch.cat((maps[0, :, 0], maps[0, :, -1], maps[0, :, :, 0], maps[0, :, :, -1]), dim=1)
            varies = inside.std(1) > 1e-6
            distances.append(((border.mean(1) - inside.mean(1)).abs() / inside.std(1))[varies].mean())
        off[padding] = float(torch.stack(distances).mean())
    assert off["reflect"] < 0.25
    assert off["zeros"] > 2 * off["reflect"]
