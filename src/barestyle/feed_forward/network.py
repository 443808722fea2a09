"""The feed-forward network: paints a photograph in a style in one pass (after Johnson et al. 2016).

Convolutions reduce the image to a quarter of its size, residual blocks change it there, and two enlargements, each
followed by a convolution, bring it back (Odena et al. 2016, doi:10.23915/distill.00003: transposed convolutions leave
checkerboards, and so do repeated pixels, which is why the enlargement is bilinear). Every style has its own scale and
shift after each normalization (Dumoulin et al. 2017, arXiv:1610.07629); mixtures of these are mixtures of the styles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

STRIDE = 4
"""Sides of an image are enlarged to multiples of this number."""

SMALLEST_SHARE = 1e-6
"""Of all styles together: for the photograph alone, any mixture will do."""

EPSILON = 1e-5
"""Added to the variance in a normalization."""


@dataclass(frozen=True)
class NetworkShape:
    """The size of a network.

    Attributes:
        widths: channels at full, half and quarter size.
        blocks: residual blocks at quarter size, of two convolutions each.
        styles: number of styles, without the photograph itself.
    """

    widths: tuple[int, int, int] = (16, 32, 64)
    blocks: int = 5
    styles: int = 1

    @property
    def halo(self) -> int:
        """Pixels around a pixel of the result that it depends on, if the statistics are fixed; a multiple of STRIDE."""
        return STRIDE * (2 * self.blocks + 4)


Statistics = list[tuple[Tensor, Tensor]]
"""Mean and variance of each normalization's input, both (N, c, 1, 1) in float32, in the order of the layers."""

Map = TypeVar("Map")
"""A feature map, or what stands for one: a tensor, or the name of a node in a graph."""


class ConditionalNorm(nn.Module):
    """Instance normalization with a scale and a shift for each style, (styles, channels).

    Ulyanov et al. 2016 (arXiv:1607.08022); Dumoulin et al. 2017. The shares of the styles, (N, styles), mix scales
    and shifts.
    """

    def __init__(self, channels: int, styles: int, index: int) -> None:
        super().__init__()
        self.index = index
        self.scale = nn.Parameter(torch.ones(styles, channels))
        self.shift = nn.Parameter(torch.zeros(styles, channels))

    def measure(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and variance of each channel of each image."""
        variance, mean = torch.var_mean(x.float(), dim=(2, 3), correction=0, keepdim=True)
        return mean, variance

    def forward(self, x: Tensor, shares: Tensor, statistics: tuple[Tensor, Tensor] | None = None) -> Tensor:
        """Return a map (N, c, h, w), normalized by its own statistics or by others, scaled and shifted."""
        scale, shift = (shares @ table for table in (self.scale, self.shift))
        if statistics is None:
            normalized = F.instance_norm(x, eps=EPSILON)
            return torch.addcmul(shift[..., None, None].to(x.dtype), normalized, scale[..., None, None].to(x.dtype))
        mean, variance = statistics
        factor = scale[..., None, None] * (variance + EPSILON).rsqrt()
        return torch.addcmul((shift[..., None, None] - factor * mean).to(x.dtype), x, factor.to(x.dtype))


class Convolution(nn.Conv2d):
    """A convolution whose input is mirrored at its borders, so that its output has its input's size over the stride."""

    def __init__(self, inputs: int, outputs: int, side: int = 3, stride: int = 1, *, bias: bool = False) -> None:
        super().__init__(inputs, outputs, side, stride, padding=side // 2, padding_mode="reflect", bias=bias)


class ResidualBlock(nn.Module):
    """The layers whose output is added to a map (He et al. 2016); `StyleNetwork.apply_layers` has their order."""

    def __init__(self, channels: int, styles: int, index: int) -> None:
        super().__init__()
        self.first = Convolution(channels, channels)
        self.first_norm = ConditionalNorm(channels, styles, index)
        self.second = Convolution(channels, channels)
        self.second_norm = ConditionalNorm(channels, styles, index + 1)


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


class StyleNetwork(nn.Module):
    """Images (N, 3, H, W), sRGB in 0..1, to painted images of the same size, in 0..1.

    Args:
        shape: channels, blocks and number of styles.
    """

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        self.shape = shape
        full, half, quarter = shape.widths
        self.reductions = nn.ModuleList(
            (Convolution(3, full, 5), Convolution(full, half, stride=2), Convolution(half, quarter, stride=2))
        )
        self.reduction_norms = nn.ModuleList(
            ConditionalNorm(channels, shape.styles, index) for index, channels in enumerate(shape.widths)
        )
        self.blocks = nn.ModuleList(
            ResidualBlock(quarter, shape.styles, 3 + 2 * number) for number in range(shape.blocks)
        )
        self.enlargements = nn.ModuleList((Convolution(quarter, half), Convolution(half, full)))
        last = 3 + 2 * shape.blocks
        self.enlargement_norms = nn.ModuleList(
            ConditionalNorm(channels, shape.styles, last + number) for number, channels in enumerate((half, full))
        )
        self.output = Convolution(full, 3, 5, bias=True)

    def forward(self, images: Tensor, weights: Tensor, statistics: Statistics | None = None) -> Tensor:
        """Return the painted images.

        Args:
            images: (N, 3, H, W); sides that are not multiples of 4 are mirrored to the next ones, and cut afterwards.
            weights: of the photograph itself and of each style, (N, styles + 1) or (1, styles + 1), which add to 1. The
                painted image and the photograph are blended with the weight of the latter.
            statistics: from `measure_statistics`; by default each image is normalized by its own.
        """

        height, width = images.shape[-2:]
        operations = _DifferentiableOperations(weights, statistics)
        return self.apply_layers(pad_to_stride(images), operations)[..., :height, :width]

    def measure_statistics(self, images: Tensor, weights: Tensor) -> Statistics:
        """Return the statistics by which `forward` would normalize images."""
        operations = _MeasuringOperations(weights)
        self.apply_layers(pad_to_stride(images), operations)
        return operations.measured

    def apply_layers(self, image: Map, operations: Operations[Map]) -> Map:
        """Return the painted image, for an image in 0..1 whose sides are multiples of 4: the layers in their order."""
        x = operations.begin(image)
        for convolution, norm in zip(self.reductions, self.reduction_norms, strict=True):
            x = operations.rectify(_convolve(operations, x, convolution, norm))
        for block in cast("list[ResidualBlock]", list(self.blocks)):
            change = operations.rectify(operations.convolve(x, block.first, block.first_norm))
            x = operations.add(x, operations.convolve(change, block.second, block.second_norm))
        for convolution, norm in zip(self.enlargements, self.enlargement_norms, strict=True):
            x = operations.rectify(_convolve(operations, operations.enlarge(x), convolution, norm))
        return operations.finish(x, self.output, image)


def _convolve(operations: Operations[Map], x: Map, convolution: nn.Module, norm: nn.Module) -> Map:
    return operations.convolve(x, cast(Convolution, convolution), cast(ConditionalNorm, norm))


class _DifferentiableOperations:
    """Operations through which gradients flow, for training; normalizes by given statistics, or by each image's own."""

    def __init__(self, weights: Tensor, statistics: Statistics | None = None) -> None:
        self._weights = weights
        self._shares = compute_shares(weights)
        self._statistics = statistics

    def begin(self, image: Tensor) -> Tensor:
        return image * 2 - 1

    def convolve(self, x: Tensor, convolution: Convolution, norm: ConditionalNorm) -> Tensor:
        return self.normalize(convolution(x), norm)

    def normalize(self, x: Tensor, norm: ConditionalNorm) -> Tensor:
        result: Tensor = norm(x, self._shares, None if self._statistics is None else self._statistics[norm.index])
        return result

    def rectify(self, x: Tensor) -> Tensor:
        return F.relu(x)

    def add(self, x: Tensor, change: Tensor) -> Tensor:
        return x + change

    def enlarge(self, x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)

    def finish(self, x: Tensor, convolution: Convolution, image: Tensor) -> Tensor:
        painted = torch.sigmoid(convolution(x))
        return painted.lerp(image.to(painted.dtype), self._weights[:, :1, None, None].to(painted.dtype))


class _MeasuringOperations(_DifferentiableOperations):
    """Normalizes images by their own statistics, and keeps these."""

    def __init__(self, weights: Tensor) -> None:
        super().__init__(weights)
        self.measured: Statistics = []

    def normalize(self, x: Tensor, norm: ConditionalNorm) -> Tensor:
        self.measured.append(norm.measure(x))
        result: Tensor = norm(x, self._shares, self.measured[-1])
        return result


def compute_shares(weights: Tensor) -> Tensor:
    """Return the shares of the styles, (N, styles), which add to 1, from the weights of photograph and styles."""
    styles = weights[:, 1:]
    return styles / styles.sum(dim=1, keepdim=True).clamp(min=SMALLEST_SHARE)


def pad_to_stride(images: Tensor) -> Tensor:
    """Return images whose sides are mirrored at the end to the next multiples of STRIDE."""
    height, width = images.shape[-2:]
    bottom, right = -height % STRIDE, -width % STRIDE
    return F.pad(images, (0, right, 0, bottom), mode="reflect") if bottom or right else images
