"""Parts of the feed-forward network, and the operations that each engine has for them."""

from __future__ import annotations

from typing import NamedTuple, Protocol, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from barestyle.feed_forward.noise import PLANES, compute_noise

SMALLEST_SHARE = 1e-6
"""Of all styles together: for the photograph alone, any mixture will do."""

EPSILON = 1e-5
"""Added to the variance in a normalization."""

NOISE_DEVIATION = 0.3
"""Of the first weights of the noise."""

PAINTED_NOISE = 0.4
"""Share of the noise in evaluation mode."""

Origin = tuple[int, int]
"""Row and column of an image's first pixel in the whole picture, in pixels; multiples of STRIDE."""

Map = TypeVar("Map")
"""A feature map, or what stands for one: a tensor, or the name of a node in a graph."""


NormStatistics = list[tuple[Tensor, Tensor]]
"""Mean and variance of each normalization's input, both (N, c, 1, 1) in float32, in the order of the layers."""


class Statistics(NamedTuple):
    """What is measured of whole images, and used for each of their pixels.

    Attributes:
        norms: of the normalizations.
        curves: of the colors, (N, PASSES, 3, KNOTS), from `measure_curves`.
    """

    norms: NormStatistics
    curves: Tensor


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
    """A convolution of 3 x 3 with mirrored borders, (N, c, h, w) to (N, d, h / stride, w / stride)."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__(inputs, outputs, 3, stride, padding=1, padding_mode="reflect", bias=False)


class OutputConvolution(nn.Module):
    """The convolution that gives an image, (N, 3, h, w) of (N, c, h, w): a learned one and smoothing, in one of 5 x 5.

    The learned one has 3 x 3, the smoothing is binomial: without response to patterns that repeat every two pixels,
    which a shuffled map has.
    """

    stride = (1, 1)

    def __init__(self, inputs: int) -> None:
        super().__init__()
        learned = nn.Conv2d(inputs, 3, 3)
        self.core, self.bias = learned.weight, learned.bias

    @property
    def weight(self) -> Tensor:
        """The weights of both together, (3, inputs, 5, 5)."""
        outputs, inputs, height, width = self.core.shape
        line = torch.tensor([0.25, 0.5, 0.25], device=self.core.device)
        smoothed = F.conv2d(self.core.reshape(-1, 1, height, width), torch.outer(line, line)[None, None], padding=2)
        return smoothed.reshape(outputs, inputs, height + 2, width + 2)

    def forward(self, x: Tensor) -> Tensor:
        """Return the output, as large as the map, which is mirrored at its borders."""
        return F.conv2d(F.pad(x, [2, 2, 2, 2], mode="reflect"), self.weight.to(x.dtype), self.bias)


class NoiseInput(nn.Module):
    """Noise that is added to a map: weights of its planes for each style, (styles, channels, PLANES).

    A network that is trained fills plain areas with strokes made of noise, to have the style's statistics in every
    crop. In evaluation mode there is PAINTED_NOISE of it: whole photographs have enough strokes elsewhere, and faces,
    skies and dark areas are calmer.

    Args:
        cell: pixels that a cell of the map has on each side.
    """

    def __init__(self, channels: int, styles: int, cell: int) -> None:
        super().__init__()
        self.cell = cell
        self.weight = nn.Parameter(NOISE_DEVIATION * torch.randn(styles, channels, PLANES))

    def mix(self, weights: Tensor) -> Tensor:
        """Return the weights of the planes, (N, c, PLANES), for weights (N, styles + 1) of photograph and styles."""
        return torch.einsum("ns,scp->ncp", compute_shares(weights), self.scaled_weight)

    @property
    def scaled_weight(self) -> Tensor:
        """The weights as they are applied, (styles, channels, PLANES)."""
        return self.weight if self.training else PAINTED_NOISE * self.weight

    def compute_planes(self, height: int, width: int, origin: Origin = (0, 0)) -> Tensor:
        """Return the noise of a map (PLANES, height, width) of an image with this origin."""
        top, left = origin
        return compute_noise(height, width, top // self.cell, left // self.cell)


class Layer(nn.Module):
    """A convolution and the normalization of its output."""

    def __init__(self, inputs: int, outputs: int, styles: int, index: int, stride: int = 1) -> None:
        super().__init__()
        self.convolution = Convolution(inputs, outputs, stride)
        self.norm = ConditionalNorm(outputs, styles, index)

    def apply_to(self, x: Map, operations: Operations[Map]) -> Map:
        """Return the layer's output."""
        return operations.convolve(x, self.convolution, self.norm)


class ResidualBlock(nn.Module):
    """Two layers whose output is added to a map (He et al. 2016); `StyleNetwork.apply_layers` has their order."""

    def __init__(self, channels: int, styles: int, index: int) -> None:
        super().__init__()
        self.first = Layer(channels, channels, styles, index)
        self.second = Layer(channels, channels, styles, index + 1)


class Operations(Protocol[Map]):
    """What the network does with a map. An input may be overwritten, except that of `convolve`."""

    def begin(self, image: Map) -> Map:
        """Return an image in -1..1, (N, 12, h, w) of (N, 3, 2 h, 2 w); a pixel's channels are row, column, color."""
        ...

    def convolve(self, x: Map, convolution: Convolution, norm: ConditionalNorm) -> Map:
        """Return the normalized output of a convolution."""
        ...

    def rectify(self, x: Map) -> Map:
        """Return the ReLU of a map."""
        ...

    def add(self, x: Map, change: Map) -> Map:
        """Return the sum of two maps; only the second may be overwritten."""
        ...

    def add_noise(self, x: Map, noise: NoiseInput) -> Map:
        """Return a map with noise."""
        ...

    def enlarge(self, x: Map) -> Map:
        """Return a map at twice its size, interpolated bilinearly."""
        ...

    def shuffle(self, x: Map) -> Map:
        """Return a map at twice its size with a quarter of its channels, as torch.nn.PixelShuffle."""
        ...

    def end(self, x: Map, convolution: OutputConvolution) -> Map:
        """Return the sigmoid of the last convolution."""
        ...


def compute_shares(weights: Tensor) -> Tensor:
    """Return the shares of the styles, (N, styles), which add to 1, from the weights of photograph and styles."""
    styles = weights[:, 1:]
    return styles / styles.sum(dim=1, keepdim=True).clamp(min=SMALLEST_SHARE)
