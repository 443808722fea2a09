"""From a network's spec and a seed to a module: image -> one feature map per tap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from barestyle.networks import kernels, pyramids, weights
from barestyle.networks.pretrained import TrainedLayers
from barestyle.spec import VGG, AveragePooling, HandMade, MaxPooling, NoPooling, Pyramid
from barestyle.spec.network import TrainedBias, TrainedWeights

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
"""Of sRGB values in 0..1; the paper's set-up normalises with them even where nothing is trained."""

SMALLEST_SIDE = 16
"""Below this a picture is mostly border, whatever the network: five 3x3 layers see 11 pixels."""

Map = Callable[[Tensor], Tensor]


def normalised(image: Tensor) -> Tensor:
    """An image (1, 3, H, W), sRGB in 0..1, in ImageNet's units and channels_last: what a first layer sees."""
    mean, std = _imagenet(image.device, image.dtype)
    return ((image - mean) / std).contiguous(memory_format=torch.channels_last)


@lru_cache(maxsize=8)
def _imagenet(device: torch.device, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Mean and deviation, kept on the device: a copy at every evaluation would wait for it each time."""
    with torch.inference_mode(False):  # what is kept may be needed for gradients later
        mean, std = (torch.tensor(numbers, dtype=dtype, device=device) for numbers in (IMAGENET_MEAN, IMAGENET_STD))
    return mean.view(1, 3, 1, 1), std.view(1, 3, 1, 1)


class Network(nn.Module):
    """An image (1, 3, H, W), sRGB in 0..1, to feature maps {tap: (1, c, h, w)}; no parameter ever trains."""

    def forward(self, image: Tensor) -> dict[int, Tensor]:
        raise NotImplementedError


class Stack(Network):
    """Convolutions one after the other; tap i is the i-th before its activation (paper section 3)."""

    def __init__(
        self,
        layers: Sequence[tuple[Tensor, Tensor]],
        activation: Map,
        pooling: Map,
        pool_after: tuple[int, ...],
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Convolution(weight, bias) for weight, bias in layers)
        self.activation = activation
        self.pooling = pooling
        self.pool_after = pool_after

    def forward(self, image: Tensor) -> dict[int, Tensor]:
        """Feature maps before the activation, of every layer, numbered from 1."""
        x = normalised(image)
        taps: dict[int, Tensor] = {}
        for number, layer in enumerate(self.layers, start=1):
            x = taps[number] = layer(x)
            if number == len(self.layers):
                break
            x = self.activation(x)
            if number in self.pool_after:
                x = self.pooling(x)
        return taps


class PyramidNetwork(Network):
    """Every level of a pyramid through the same convolution, activation and pooling (paper section 6.3)."""

    def __init__(
        self,
        levels: Callable[[Tensor], list[Tensor]],
        layer: tuple[Tensor, Tensor],
        activation: Map,
        pooling: Map,
    ) -> None:
        super().__init__()
        self.levels = levels
        self.layer = Convolution(*layer)
        self.activation = activation
        self.pooling = pooling

    def forward(self, image: Tensor) -> dict[int, Tensor]:
        """Feature maps after activation and pooling, level by level; 1 is the full-size one."""
        levels = self.levels(normalised(image))
        maps = [self.layer(x.contiguous(memory_format=torch.channels_last)) for x in levels]
        return {number: self.pooling(self.activation(x)) for number, x in enumerate(maps, start=1)}


class Convolution(nn.Module):
    """A convolution that keeps the size and holds buffers, so that no gradient is computed for its weights.

    A kernel of 3 is padded by one zero all round, a kernel of 2 by one on the right and at the bottom.
    """

    weight: Tensor
    bias: Tensor

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.register_buffer("weight", weight.contiguous(memory_format=torch.channels_last))
        self.register_buffer("bias", bias)

    def forward(self, x: Tensor) -> Tensor:
        """(1, c_in, H, W) -> (1, c_out, H, W)."""
        if self.weight.shape[-1] % 2:
            return F.conv2d(x, self.weight, self.bias, padding=self.weight.shape[-1] // 2)
        return F.conv2d(F.pad(x, (0, 1, 0, 1)), self.weight, self.bias)


def build(
    spec: VGG | HandMade | Pyramid,
    *,
    seed: int,
    deepest_tap: int,
    trained: TrainedLayers | None = None,
) -> Network:
    """The network of a spec up to its deepest tap, on the CPU in float32.

    The same spec and seed give the same weights, however deep the network is cut. `trained` is needed where
    `spec.is_trained`; it is not modified.
    """
    generator = torch.Generator().manual_seed(seed)
    if isinstance(spec, Pyramid):
        return _pyramid(spec, generator, deepest_tap)
    layers = (
        _hand_made_layers(spec, generator, deepest_tap)
        if isinstance(spec, HandMade)
        else _vgg_layers(spec, generator, deepest_tap, trained)
    )
    after = () if isinstance(spec.pooling, NoPooling) else spec.pooling.after
    return Stack(layers, _activation(spec.activation), _pooling(spec.pooling), after)


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
        known = trained.biases[number] if trained is not None and isinstance(spec.bias, TrainedBias) else None
        layers.append((weight, weights.biases(spec.bias, channels, known, generator)))
        inputs = channels
    return layers


def _hand_made_layers(spec: HandMade, generator: torch.Generator, depth: int) -> list[tuple[Tensor, Tensor]]:
    channels = spec.channels[0]
    first = kernels.bank(spec.basic_set, spec.strategy, spec.magnitude)
    drawn = [weights.draw(spec.weights, (channels, channels, 2, 2), generator) for _ in range(depth - 1)]
    return [(weight, weights.biases(spec.bias, channels, None, generator)) for weight in (first, *drawn)]


def _pyramid(spec: Pyramid, generator: torch.Generator, levels: int) -> PyramidNetwork:
    weight = weights.draw(spec.weights, (spec.channels, 3, spec.kernel_size, spec.kernel_size), generator)
    layer = (weight, weights.biases(spec.bias, spec.channels, None, generator))
    # All levels are built even where the last are not tapped: the last level of a Laplacian pyramid is no band.
    pyramid = pyramids.gaussian if spec.bands == "gaussian" else pyramids.laplacian
    return PyramidNetwork(
        lambda image: pyramid(image, spec.levels)[:levels],
        layer,
        _activation(spec.activation),
        _pooling(spec.pooling),
    )


def _activation(name: str) -> Map:
    return F.relu if name == "relu" else nn.Identity()


def _pooling(spec: MaxPooling | AveragePooling | NoPooling | str) -> Map:
    kind = spec if isinstance(spec, str) else spec.kind
    if kind == "none":
        return nn.Identity()
    return partial(F.max_pool2d if kind == "max" else F.avg_pool2d, kernel_size=2)


def minimum_side(spec: VGG | HandMade | Pyramid) -> int:
    """The shortest side in pixels, of content and style, that a network can work with."""
    if isinstance(spec, Pyramid):
        reducible: int = (pyramids.KERNEL_REACH + 1) * 2 ** max(spec.levels - 2, 0)
        poolable: int = 2 ** (spec.levels - 1) * (1 if spec.pooling == "none" else 2)
        return max(SMALLEST_SIDE, reducible, poolable)
    pools = 0 if isinstance(spec.pooling, NoPooling) else len(spec.pooling.after)
    poolable = int(2 ** (pools + 1))
    return max(SMALLEST_SIDE, poolable)
