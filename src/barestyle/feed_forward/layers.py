"""The layers of the network in order, applied to tensors, or added to a graph as nodes."""

from __future__ import annotations

from typing import NamedTuple, Protocol, TypeVar, cast

from torch import Tensor

from barestyle.feed_forward.network import (
    EPSILON,
    ConditionalNorm,
    Convolution,
    ResidualBlock,
    Statistics,
    StyleNetwork,
    compute_shares,
)

Map = TypeVar("Map")


class Operations(Protocol[Map]):
    """What the network does with a map. An input may be overwritten, except that of `convolve`."""

    def begin(self, image: Map) -> Map:
        """Return an image in -1..1."""
        ...

    def convolve(self, x: Map, convolution: Convolution, norm: ConditionalNorm) -> Map:
        """Return the normalized output of a convolution."""
        ...

    def rectify(self, x: Map) -> Map:
        """Return the ReLU of a map."""
        ...

    def add(self, x: Map, change: Map) -> Map:
        """Return the sum of two maps."""
        ...

    def enlarge(self, x: Map) -> Map:
        """Return a map at twice its size, interpolated bilinearly."""
        ...

    def finish(self, x: Map, convolution: Convolution, image: Map) -> Map:
        """Return the sigmoid of the last convolution, blended with the photograph."""
        ...


def apply_layers(network: StyleNetwork, image: Map, operations: Operations[Map]) -> Map:
    """Return the painted image, for an image in 0..1 whose sides are multiples of 4."""
    x = operations.begin(image)
    for convolution, norm in zip(network.reductions, network.reduction_norms, strict=True):
        x = operations.rectify(_convolve(operations, x, convolution, norm))
    for block in cast("list[ResidualBlock]", list(network.blocks)):
        change = operations.rectify(operations.convolve(x, block.first, block.first_norm))
        x = operations.add(x, operations.convolve(change, block.second, block.second_norm))
    for convolution, norm in zip(network.enlargements, network.enlargement_norms, strict=True):
        x = operations.rectify(_convolve(operations, operations.enlarge(x), convolution, norm))
    return operations.finish(x, network.output, image)


def _convolve(operations: Operations[Map], x: Map, convolution: object, norm: object) -> Map:
    return operations.convolve(x, cast(Convolution, convolution), cast(ConditionalNorm, norm))


class FoldedConvolution(NamedTuple):
    """A convolution together with the normalization after it, which fixed statistics make linear.

    `weight` is (outputs, inputs, side, side), `bias` (outputs,).
    """

    weight: Tensor
    bias: Tensor


def mix_scale_and_shift(norm: ConditionalNorm, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Return the scale and the shift of each channel, (c,), for weights (1, styles + 1) of photograph and styles."""
    shares = compute_shares(weights)
    return (shares @ norm.scale)[0], (shares @ norm.shift)[0]


def fold(convolution: Convolution, norm: ConditionalNorm, weights: Tensor, statistics: Statistics) -> FoldedConvolution:
    """Return a convolution with the normalization of its output by fixed statistics (1, c, 1, 1) inside it."""
    mean, variance = (values.flatten() for values in statistics[norm.index])
    scale, shift = mix_scale_and_shift(norm, weights)
    factor = scale * (variance + EPSILON).rsqrt()
    return FoldedConvolution(convolution.weight * factor[:, None, None, None], shift - factor * mean)
