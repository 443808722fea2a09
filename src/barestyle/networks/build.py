"""Build a network from its spec and a seed."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from barestyle.networks import initialization as weights
from barestyle.networks import kernel_banks as kernels
from barestyle.networks import pyramids
from barestyle.networks.conv_stack import Layer
from barestyle.networks.network import Network, PyramidNetwork, Stack
from barestyle.networks.vgg19 import TrainedLayers
from barestyle.spec import VGG, AveragePooling, HandMade, MaxPooling, NoPooling, Pyramid
from barestyle.spec.bias import TrainedBias
from barestyle.spec.weights import TrainedWeights

SMALLEST_SIDE = 16
"""Pixels; a smaller image is mostly border for every network, as five 3x3 layers see 11 pixels."""


def build_network(
    spec: VGG | HandMade | Pyramid,
    *,
    seed: int,
    deepest_layer: int,
    trained: TrainedLayers | None = None,
) -> Network:
    """Return the network of a spec on the CPU in float32.

    Args:
        spec: the network.
        seed: of its random weights; the same spec and seed give the same weights for every `deepest_layer`.
        deepest_layer: the last layer, or level of a pyramid, that is built.
        trained: needed if `spec.is_trained`; it is not modified.

    Raises:
        ValueError: the spec needs trained layers and there are none.
    """
    generator = torch.Generator().manual_seed(seed)
    if isinstance(spec, Pyramid):
        return _build_pyramid(spec, generator, deepest_layer)
    numbers = (
        _build_hand_made_layers(spec, generator, deepest_layer)
        if isinstance(spec, HandMade)
        else _build_vgg_layers(spec, generator, deepest_layer, trained)
    )
    poolings = [_get_pooling_after(number, spec.pooling) for number in range(1, deepest_layer + 1)]
    return Stack(
        [
            Layer(weight, bias, spec.activation, pooling)
            for (weight, bias), pooling in zip(numbers, poolings, strict=True)
        ],
        padded=spec.padding == "reflect",
    )


def _get_pooling_after(number: int, spec: MaxPooling | AveragePooling | NoPooling) -> Literal["none", "max", "average"]:
    return "none" if isinstance(spec, NoPooling) or number not in spec.after else spec.kind


def _build_vgg_layers(
    spec: VGG, generator: torch.Generator, depth: int, trained: TrainedLayers | None
) -> list[tuple[Tensor, Tensor]]:
    layers = []
    inputs = 3
    for number, channels in enumerate(spec.channels[:depth]):
        if isinstance(spec.weights, TrainedWeights):
            if trained is None:
                raise ValueError("this spec needs trained layers; load them with networks.vgg19.load_layers")
            weight = weights.transform_trained(spec.weights, trained.weights[number], generator)
        else:
            weight = weights.draw_weights(
                spec.weights, (channels, inputs, spec.kernel_size, spec.kernel_size), generator
            )
            if number == 0:
                weight = _design_first_layer(spec, weight, generator)
        known = trained.biases[number] if trained is not None and isinstance(spec.bias, TrainedBias) else None
        layers.append((weight, weights.build_biases(spec.bias, channels, known, generator)))
        inputs = channels
    return layers


def _design_first_layer(spec: VGG, weight: Tensor, generator: torch.Generator) -> Tensor:
    """Return the first layer with its designed filters: Gabor filters first, then those without their mean."""
    channels = weight.shape[0]
    gabor, zero_mean = round(spec.gabor_fraction * channels), round(spec.zero_mean_fraction * channels)
    weight = torch.cat((weight[:gabor], weights.subtract_mean(weight[gabor:], min(zero_mean, channels - gabor))))
    return weights.insert_gabor(weight, gabor, generator) if gabor else weight


def _build_hand_made_layers(spec: HandMade, generator: torch.Generator, depth: int) -> list[tuple[Tensor, Tensor]]:
    channels = spec.channels[0]
    first = kernels.build_bank(spec.basic_set, spec.strategy, spec.magnitude)
    drawn = [weights.draw_weights(spec.weights, (channels, channels, 2, 2), generator) for _ in range(depth - 1)]
    return [(weight, weights.build_biases(spec.bias, channels, None, generator)) for weight in (first, *drawn)]


def _build_pyramid(spec: Pyramid, generator: torch.Generator, levels: int) -> PyramidNetwork:
    weight = weights.draw_weights(spec.weights, (spec.channels, 3, spec.kernel_size, spec.kernel_size), generator)
    layer = Layer(
        weight, weights.build_biases(spec.bias, spec.channels, None, generator), spec.activation, spec.pooling
    )
    return PyramidNetwork(
        layer, levels, levels=spec.levels, is_laplacian=spec.bands == "laplacian", padded=spec.padding == "reflect"
    )


def compute_minimum_side(spec: VGG | HandMade | Pyramid) -> int:
    """Return the shortest side in pixels, of content and style, that a network can process."""
    if isinstance(spec, Pyramid):
        reducible: int = (pyramids.KERNEL_REACH + 1) * 2 ** max(spec.levels - 2, 0)
        last: int = 2 ** (spec.levels - 1)
        poolable: int = last * (1 if spec.pooling == "none" else 2)
        return max(
            SMALLEST_SIDE,
            reducible,
            poolable,
            last * _compute_mirrorable_side(spec, 1, (1,) * (spec.pooling != "none")),
        )
    pooled_after = () if isinstance(spec.pooling, NoPooling) else spec.pooling.after
    poolable = int(2 ** (len(pooled_after) + 1))
    wider = (weights.GABOR_SIDE - 3) // 2 if isinstance(spec, VGG) and spec.gabor_fraction else 0
    return max(SMALLEST_SIDE, poolable, _compute_mirrorable_side(spec, spec.depth, pooled_after, wider))


def _compute_mirrorable_side(
    spec: VGG | HandMade | Pyramid, depth: int, pooled_after: tuple[int, ...], wider: int = 0
) -> int:
    """Return the shortest side that can be mirrored as far as the deepest layer sees.

    `wider` is how many more pixels the first layer sees than a 3x3 kernel.
    """
    if spec.padding == "zeros":
        return 0
    strides = [int(2 ** sum(pool < number for pool in pooled_after)) for number in range(1, depth + 1)]
    alignment = int(2 ** len(pooled_after))
    return -(-(sum(strides) + wider) // alignment) * alignment + 1
