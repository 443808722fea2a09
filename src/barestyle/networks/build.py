"""From a network's spec and a seed to a module: image -> one feature map per tap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from barestyle.networks import initialization as weights
from barestyle.networks import kernel_banks as kernels
from barestyle.networks import pyramids
from barestyle.networks.conv_stack import ConvStack, Layer, Size, normalized
from barestyle.networks.vgg19 import TrainedLayers
from barestyle.spec import VGG, AveragePooling, HandMade, MaxPooling, NoPooling, Pyramid
from barestyle.spec.bias import TrainedBias
from barestyle.spec.weights import TrainedWeights

SMALLEST_SIDE = 16
"""Below this a picture is mostly border, whatever the network: five 3x3 layers see 11 pixels."""


class Network(nn.Module):
    """An image (1, 3, H, W), sRGB in 0..1, to feature maps {tap: (1, c, h, w)}; no parameter ever trains.

    The image becomes planes, and each plane goes through a chain of its own.
    """

    def __init__(self, stacks: Sequence[ConvStack]) -> None:
        super().__init__()
        self.stacks = nn.ModuleList(stacks)

    def views(self, image: Tensor) -> list[Tensor]:
        """Images (1, 3, h, w), one for each chain; differentiable."""
        raise NotImplementedError

    def planes(self, image: Tensor) -> list[Tensor]:
        """The views with their chains' margins: what goes through the chains."""
        return [stack.frame(view) for stack, view in zip(self.stacks, self.views(image), strict=True)]  # type: ignore[operator]

    def forward(self, image: Tensor) -> dict[int, Tensor]:
        """Feature maps by tap, numbered from 1."""
        pairs = zip(self.stacks, self.planes(image), strict=True)
        return {tap: maps for stack, plane in pairs for tap, maps in stack(plane).items()}

    def plane_sizes(self, picture: Size) -> list[Size]:
        """Sizes of the planes, with their margins, that a picture of a size becomes."""
        raise NotImplementedError

    @property
    def halo(self) -> tuple[int, int]:
        """How many pixels of a plane before and after its own any tap's pixel sees."""
        reaches = [stack.halo for stack in self.stacks if isinstance(stack, ConvStack)]
        return max(before for before, _ in reaches), max(after for _, after in reaches)

    @property
    def dtype(self) -> torch.dtype:
        """The precision of its weights and features."""
        return next(self.buffers()).dtype

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return next(self.buffers()).device


class Stack(Network):
    """Convolutions one after the other; tap i is the i-th before its activation (paper section 3)."""

    def __init__(self, layers: Sequence[Layer], *, framed: bool = False) -> None:
        super().__init__([ConvStack(layers, tap_after_pooling=False, pixels=True, framed=framed)])

    @property
    def layers(self) -> list[Layer]:
        """From the first to the deepest."""
        (stack,) = self.stacks
        assert isinstance(stack, ConvStack)
        return [stack[number] for number in range(len(stack))]

    def views(self, image: Tensor) -> list[Tensor]:
        """The image itself; its only chain normalizes it."""
        return [image]

    def plane_sizes(self, picture: Size) -> list[Size]:
        """That of the picture, with the margin."""
        (stack,) = self.stacks
        return [stack.framed_size(picture)]  # type: ignore[operator]


class PyramidNetwork(Network):
    """Every level of a pyramid through the same convolution, activation and pooling (paper section 6.3).

    Taps come after activation and pooling, level by level; 1 is the full-size one.
    """

    def __init__(
        self, levels: Callable[[Tensor], list[Tensor]], layer: Layer, count: int, *, framed: bool = False
    ) -> None:
        super().__init__(
            [
                ConvStack([layer], first_tap=tap, tap_after_pooling=True, pixels=False, framed=framed)
                for tap in range(1, count + 1)
            ]
        )
        self.levels = levels

    def views(self, image: Tensor) -> list[Tensor]:
        """The levels of the normalized image."""
        return self.levels(normalized(image))

    def plane_sizes(self, picture: Size) -> list[Size]:
        """Each level has half the pixels a side of the one before."""
        halves = (Size(picture.height >> level, picture.width >> level) for level in range(len(self.stacks)))
        return [stack.framed_size(size) for stack, size in zip(self.stacks, halves, strict=True)]  # type: ignore[operator]


def build(
    spec: VGG | HandMade | Pyramid,
    *,
    seed: int,
    deepest_layer: int,
    trained: TrainedLayers | None = None,
) -> Network:
    """The network of a spec up to its deepest tap, on the CPU in float32.

    The same spec and seed give the same weights, however deep the network is cut. `trained` is needed where
    `spec.is_trained`; it is not modified.
    """
    generator = torch.Generator().manual_seed(seed)
    if isinstance(spec, Pyramid):
        return _pyramid(spec, generator, deepest_layer)
    numbers = (
        _hand_made_layers(spec, generator, deepest_layer)
        if isinstance(spec, HandMade)
        else _vgg_layers(spec, generator, deepest_layer, trained)
    )
    poolings = [_pooling_after(number, spec.pooling) for number in range(1, deepest_layer + 1)]
    return Stack(
        [
            Layer(weight, bias, spec.activation, pooling)
            for (weight, bias), pooling in zip(numbers, poolings, strict=True)
        ],
        framed=spec.padding == "reflect",
    )


def _pooling_after(number: int, spec: MaxPooling | AveragePooling | NoPooling) -> Literal["none", "max", "average"]:
    return "none" if isinstance(spec, NoPooling) or number not in spec.after else spec.kind


def _vgg_layers(
    spec: VGG, generator: torch.Generator, depth: int, trained: TrainedLayers | None
) -> list[tuple[Tensor, Tensor]]:
    layers = []
    inputs = 3
    for number, channels in enumerate(spec.channels[:depth]):
        if isinstance(spec.weights, TrainedWeights):
            if trained is None:
                raise ValueError("this spec needs trained layers; load them with networks.pretrained")
            weight = weights.alter(spec.weights, trained.weights[number], generator)
        else:
            weight = weights.draw(spec.weights, (channels, inputs, spec.kernel_size, spec.kernel_size), generator)
            if number == 0:
                weight = _first(spec, weight, generator)
        known = trained.biases[number] if trained is not None and isinstance(spec.bias, TrainedBias) else None
        layers.append((weight, weights.biases(spec.bias, channels, known, generator)))
        inputs = channels
    return layers


def _first(spec: VGG, weight: Tensor, generator: torch.Generator) -> Tensor:
    """The first layer with the shares of its filters that are designed: Gabor's, then those without their mean."""
    channels = weight.shape[0]
    gabor, flat_blind = round(spec.gabor_fraction * channels), round(spec.zero_mean_fraction * channels)
    weight = torch.cat((weight[:gabor], weights.without_mean(weight[gabor:], min(flat_blind, channels - gabor))))
    return weights.with_gabor(weight, gabor, generator) if gabor else weight


def _hand_made_layers(spec: HandMade, generator: torch.Generator, depth: int) -> list[tuple[Tensor, Tensor]]:
    channels = spec.channels[0]
    first = kernels.bank(spec.basic_set, spec.strategy, spec.magnitude)
    drawn = [weights.draw(spec.weights, (channels, channels, 2, 2), generator) for _ in range(depth - 1)]
    return [(weight, weights.biases(spec.bias, channels, None, generator)) for weight in (first, *drawn)]


def _pyramid(spec: Pyramid, generator: torch.Generator, levels: int) -> PyramidNetwork:
    weight = weights.draw(spec.weights, (spec.channels, 3, spec.kernel_size, spec.kernel_size), generator)
    layer = Layer(weight, weights.biases(spec.bias, spec.channels, None, generator), spec.activation, spec.pooling)
    # All levels are built even where the last are not tapped: the last level of a Laplacian pyramid is no band.
    pyramid = pyramids.gaussian if spec.bands == "gaussian" else pyramids.laplacian
    return PyramidNetwork(
        lambda image: pyramid(image, spec.levels)[:levels], layer, levels, framed=spec.padding == "reflect"
    )


def minimum_side(spec: VGG | HandMade | Pyramid) -> int:
    """The shortest side in pixels, of content and style, that a network can work with."""
    if isinstance(spec, Pyramid):
        reducible: int = (pyramids.KERNEL_REACH + 1) * 2 ** max(spec.levels - 2, 0)
        last: int = 2 ** (spec.levels - 1)
        poolable: int = last * (1 if spec.pooling == "none" else 2)
        return max(SMALLEST_SIDE, reducible, poolable, last * _mirrorable(spec, 1, (1,) * (spec.pooling != "none")))
    pooled_after = () if isinstance(spec.pooling, NoPooling) else spec.pooling.after
    poolable = int(2 ** (len(pooled_after) + 1))
    wider = (weights.GABOR_SIDE - 3) // 2 if isinstance(spec, VGG) and spec.gabor_fraction else 0
    return max(SMALLEST_SIDE, poolable, _mirrorable(spec, spec.depth, pooled_after, wider))


def _mirrorable(spec: VGG | HandMade | Pyramid, depth: int, pooled_after: tuple[int, ...], wider: int = 0) -> int:
    """The shortest side that can be mirrored as far as a tap sees, `wider` pixels further than layers of 3x3 do."""
    if spec.padding == "zeros":
        return 0
    strides = [int(2 ** sum(pool < number for pool in pooled_after)) for number in range(1, depth + 1)]
    alignment = int(2 ** len(pooled_after))
    return -(-(sum(strides) + wider) // alignment) * alignment + 1
