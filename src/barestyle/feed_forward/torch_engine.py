"""Painting with PyTorch."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from barestyle.feed_forward.finishing import finish, measure_curves
from barestyle.feed_forward.folding import FoldedConvolution, fold, mix_scale_and_shift
from barestyle.feed_forward.layers import (
    EPSILON,
    ConditionalNorm,
    Convolution,
    NoiseInput,
    NormStatistics,
    Operations,
    Origin,
    OutputConvolution,
)
from barestyle.feed_forward.network import StyleNetwork, pad_to_stride, unshuffle
from barestyle.hardware.memory import trim_heap


class TorchEngine:
    """Paints with a network and fixed weights of its styles.

    Args:
        network: in float32, on the CPU.
        weights: of the photograph and of each style, (1, styles + 1).
    """

    name = "torch"
    memory_factor = 1.0

    def __init__(self, network: StyleNetwork, weights: Tensor) -> None:
        self._network = network
        self._weights = weights

    def paint(self, image: Tensor) -> Tensor:
        """Return the network's output with an image's own statistics; it is (1, 3, H, W), sides multiples of 8."""
        return self._paint(image, _OwnStatistics(self._weights))

    def paint_and_finish(self, image: Tensor) -> Tensor:
        """Return the finished picture of an image (1, 3, H, W) of any size with its own statistics."""
        height, width = image.shape[-2:]
        padded = pad_to_stride(image)
        painted = self.paint(padded)
        curves = measure_curves(painted, padded, self._weights, self._network.palette)
        return finish(painted, padded, self._weights, curves)[..., :height, :width].contiguous()

    def measure(self, image: Tensor) -> tuple[NormStatistics, Tensor]:
        """Return the statistics by which `paint` normalizes an image, and its output."""
        operations = _OwnStatistics(self._weights)
        painted = self._paint(image, operations)
        trim_heap()
        return operations.norms, painted

    def fix(self, norms: NormStatistics) -> Callable[[Tensor, Origin], Tensor]:
        """Return a function that computes the output for an image, or the part of one at an origin, with these."""
        folded: dict[int, FoldedConvolution] = {}

        def paint(image: Tensor, origin: Origin) -> Tensor:
            return self._paint(image, _FixedStatistics(self._weights, norms, folded, origin))

        return paint

    def _paint(self, image: Tensor, operations: Operations[Tensor]) -> Tensor:
        with torch.inference_mode():
            return self._network.apply_layers(image, operations).contiguous()


def _to_channels_last(image: Tensor) -> Tensor:
    return image.contiguous(memory_format=torch.channels_last)


class _Operations:
    """Operations on tensors in channels_last, in place where the input is not needed any more."""

    def __init__(self, weights: Tensor, origin: Origin = (0, 0)) -> None:
        self._weights = weights
        self._origin = origin

    def begin(self, image: Tensor) -> Tensor:
        return _to_channels_last(unshuffle(image).mul_(2).sub_(1))

    def rectify(self, x: Tensor) -> Tensor:
        return x.relu_()

    def add(self, x: Tensor, change: Tensor) -> Tensor:
        return change.add_(x)

    def add_noise(self, x: Tensor, noise: NoiseInput) -> Tensor:
        planes = noise.compute_planes(x.shape[2], x.shape[3], self._origin).flatten(1)
        return x.add_(_to_channels_last((noise.mix(self._weights) @ planes).view(1, *x.shape[1:])))

    def enlarge(self, x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)

    def shuffle(self, x: Tensor) -> Tensor:
        return F.pixel_shuffle(x, 2)

    def end(self, x: Tensor, convolution: OutputConvolution) -> Tensor:
        return _convolve(x, convolution.weight, convolution.bias, convolution.stride).sigmoid_()


class _OwnStatistics(_Operations):
    """Normalizes one image by its own statistics, which it collects."""

    def __init__(self, weights: Tensor) -> None:
        super().__init__(weights)
        self.norms: NormStatistics = []

    def convolve(self, x: Tensor, convolution: Convolution, norm: ConditionalNorm) -> Tensor:
        x = _convolve(x, convolution.weight, None, convolution.stride)
        scale, shift = mix_scale_and_shift(norm, self._weights)
        # Of a single image this is instance normalization; F.instance_norm copies maps in channels_last twice.
        normalized, mean, factor = torch.native_batch_norm(x, scale, shift, None, None, True, 0.0, EPSILON)
        variance = factor.square().reciprocal() - EPSILON
        self.norms.append((mean[None, :, None, None], variance[None, :, None, None]))
        return normalized


class _FixedStatistics(_Operations):
    """Normalizes by given statistics, within the convolutions, which are kept in `folded` for other tiles."""

    def __init__(
        self, weights: Tensor, norms: NormStatistics, folded: dict[int, FoldedConvolution], origin: Origin
    ) -> None:
        super().__init__(weights, origin)
        self._norms = norms
        self._folded = folded

    def convolve(self, x: Tensor, convolution: Convolution, norm: ConditionalNorm) -> Tensor:
        if norm.index not in self._folded:
            folded = fold(convolution, norm, self._weights, self._norms)
            self._folded[norm.index] = FoldedConvolution(_to_channels_last(folded.weight), folded.bias)
        return _convolve(x, *self._folded[norm.index], convolution.stride)


def _convolve(x: Tensor, weight: Tensor, bias: Tensor | None, stride: tuple[int, ...]) -> Tensor:
    margin = weight.shape[-1] // 2
    return F.conv2d(F.pad(x, [margin] * 4, mode="reflect"), weight, bias, stride)
