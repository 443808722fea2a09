"""The feed-forward network: paints a photograph in a style in one pass (after Johnson et al. 2016).

Convolutions reduce the image to an eighth of its size, residual blocks change it there and at a quarter, and each
enlargement adds the map of its size from the way down, so that edges stay where they are (Ronneberger et al. 2015,
arXiv:1505.04597). Only the last convolution is at full size: 2 x 2 pixels are channels of one before it (Shi et al.
2016, arXiv:1609.05158), which saves most of the time. That convolution has no response to the grids that such channels
leave (Odena et al. 2016, doi:10.23915/distill.00003); the other enlargements are bilinear. Noise gives even areas their
strokes. At the end, the picture's colors are moved to those of the style.

Every style has its own scale and shift after each normalization, its own weights of the noise (Dumoulin et al. 2017,
arXiv:1610.07629), and its own colors; mixtures of these are mixtures of the styles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from barestyle.feed_forward.color_curves import Palette
from barestyle.feed_forward.finishing import finish, measure_curves
from barestyle.feed_forward.layers import (
    ConditionalNorm,
    Convolution,
    Layer,
    Map,
    NoiseInput,
    NormStatistics,
    Operations,
    Origin,
    OutputConvolution,
    ResidualBlock,
    Statistics,
    compute_shares,
)

STRIDE = 8
"""Sides of an image are enlarged to multiples of this number."""


@dataclass(frozen=True)
class NetworkShape:
    """The size of a network.

    Attributes:
        widths: channels at full, half, quarter and eighth size.
        blocks: residual blocks of two convolutions each: at quarter size, at eighth size, and at quarter size again.
        styles: number of styles, without the photograph itself.
    """

    widths: tuple[int, int, int, int] = (8, 32, 64, 72)
    blocks: tuple[int, int, int] = (1, 2, 1)
    styles: int = 1

    @property
    def without_styles(self) -> NetworkShape:
        """The shape with one style: what networks must have in common for one to begin as the other."""
        return replace(self, styles=1)

    def describe(self) -> str:
        """Return '8, 32, 64 and 72 channels with 1, 2 and 1 blocks'."""
        widths, blocks = (
            ", ".join(map(str, counts[:-1])) + f" and {counts[-1]}" for counts in (self.widths, self.blocks)
        )
        return f"{widths} channels with {blocks} blocks"

    @property
    def work(self) -> float:
        """Multiplications for each pixel of an image."""
        full, half, quarter, eighth = self.widths
        before, middle, after = self.blocks
        at_half = 12 * half + half * half + 4 * half * full
        at_quarter = 2 * half * quarter + 2 * (before + after) * quarter * quarter
        at_eighth = 2 * quarter * eighth + 2 * middle * eighth * eighth
        return 9 * (at_half / 4 + at_quarter / 16 + at_eighth / 64) + 75 * full

    @property
    def halo(self) -> int:
        """Pixels around a pixel of the result that it depends on, if the statistics are fixed; a multiple of STRIDE."""
        before, middle, after = self.blocks
        return 48 + 8 * (before + 2 * middle + after)


class StyleNetwork(nn.Module):
    """Images (N, 3, H, W), sRGB in 0..1, to painted images of the same size, in 0..1.

    Args:
        shape: channels, blocks and number of styles.
    """

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        self.shape = shape
        full, half, quarter, eighth = shape.widths
        self._norm_count = 0
        self.first = self._layer(12, half)
        self.to_quarter = self._layer(half, quarter, stride=2)
        self.quarter_noise = NoiseInput(quarter, shape.styles, 4)
        self.blocks_before = self._blocks(quarter, shape.blocks[0])
        self.to_eighth = self._layer(quarter, eighth, stride=2)
        self.eighth_noise = NoiseInput(eighth, shape.styles, 8)
        self.blocks = self._blocks(eighth, shape.blocks[1])
        self.back_to_quarter = self._layer(eighth, quarter)
        self.blocks_after = self._blocks(quarter, shape.blocks[2])
        self.back_to_half = self._layer(quarter, half)
        self.refine = self._layer(half, half)
        self.back_to_full = self._layer(half, 4 * full)
        self.output = OutputConvolution(full)
        self.palette = Palette(shape.styles)

    def _layer(self, inputs: int, outputs: int, stride: int = 1) -> Layer:
        layer = Layer(inputs, outputs, self.shape.styles, self._norm_count, stride)
        self._norm_count += 1
        return layer

    def _blocks(self, channels: int, count: int) -> nn.ModuleList:
        first = self._norm_count
        self._norm_count += 2 * count
        return nn.ModuleList(ResidualBlock(channels, self.shape.styles, first + 2 * number) for number in range(count))

    def forward(
        self,
        images: Tensor,
        weights: Tensor,
        statistics: Statistics | None = None,
        origins: Sequence[Origin] = ((0, 0),),
        *,
        is_finished: bool = True,
    ) -> Tensor:
        """Return the painted images.

        Args:
            images: (N, 3, H, W); sides that are not multiples of 8 are mirrored to the next ones, and cut afterwards.
            weights: of the photograph itself and of each style, (N, styles + 1) or (1, styles + 1), which add to 1.
            statistics: from `measure_statistics`; by default each image's own.
            origins: of each image, or of all of them.
            is_finished: whether the network's output is blended with the photograph, and gets the styles' colors.
        """
        height, width = images.shape[-2:]
        images = pad_to_stride(images)
        norms = None if statistics is None else statistics.norms
        painted = self.apply_layers(images, _DifferentiableOperations(weights, norms, origins))
        if is_finished:
            curves = measure_curves(painted, images, weights, self.palette) if statistics is None else statistics.curves
            painted = finish(painted, images, weights, curves)
        return painted[..., :height, :width]

    def measure_statistics(self, images: Tensor, weights: Tensor) -> Statistics:
        """Return the statistics with which `forward` would paint images (N, 3, H, W)."""
        operations = _MeasuringOperations(weights)
        images = pad_to_stride(images)
        painted = self.apply_layers(images, operations)
        return Statistics(operations.measured, measure_curves(painted, images, weights, self.palette))

    def apply_layers(self, image: Map, operations: Operations[Map]) -> Map:
        """Return the network's output, for an image in 0..1 whose sides are multiples of 8: the layers in order."""
        half = operations.rectify(self.first.apply_to(operations.begin(image), operations))
        quarter = operations.rectify(self.to_quarter.apply_to(half, operations))
        quarter = operations.add_noise(quarter, self.quarter_noise)
        quarter = _apply_blocks(self.blocks_before, quarter, operations)
        eighth = operations.rectify(self.to_eighth.apply_to(quarter, operations))
        eighth = operations.add_noise(eighth, self.eighth_noise)
        eighth = _apply_blocks(self.blocks, eighth, operations)
        quarter = operations.add(quarter, operations.enlarge(self.back_to_quarter.apply_to(eighth, operations)))
        quarter = _apply_blocks(self.blocks_after, quarter, operations)
        change = operations.enlarge(self.back_to_half.apply_to(quarter, operations))
        half = operations.add(half, operations.rectify(change))
        half = operations.rectify(self.refine.apply_to(half, operations))
        full = operations.rectify(operations.shuffle(self.back_to_full.apply_to(half, operations)))
        return operations.end(full, self.output)


def _apply_blocks(blocks: nn.ModuleList, x: Map, operations: Operations[Map]) -> Map:
    for block in cast("list[ResidualBlock]", list(blocks)):
        change = operations.rectify(block.first.apply_to(x, operations))
        x = operations.add(x, block.second.apply_to(change, operations))
    return x


class _DifferentiableOperations:
    """Operations through which gradients flow, for training; normalizes by given statistics, or by each image's own."""

    def __init__(
        self,
        weights: Tensor,
        norms: NormStatistics | None = None,
        origins: Sequence[Origin] = ((0, 0),),
    ) -> None:
        self._weights = weights
        self._shares = compute_shares(weights)
        self._norms = norms
        self._origins = origins

    def begin(self, image: Tensor) -> Tensor:
        return unshuffle(image * 2 - 1)

    def convolve(self, x: Tensor, convolution: Convolution, norm: ConditionalNorm) -> Tensor:
        return self.normalize(convolution(x), norm)

    def normalize(self, x: Tensor, norm: ConditionalNorm) -> Tensor:
        result: Tensor = norm(x, self._shares, None if self._norms is None else self._norms[norm.index])
        return result

    def rectify(self, x: Tensor) -> Tensor:
        return F.relu(x)

    def add(self, x: Tensor, change: Tensor) -> Tensor:
        return x + change

    def add_noise(self, x: Tensor, noise: NoiseInput) -> Tensor:
        planes = torch.stack([noise.compute_planes(x.shape[2], x.shape[3], origin) for origin in self._origins])
        change = noise.mix(self._weights) @ planes.flatten(2).to(x.device)
        return x + change.view(-1, *x.shape[1:]).to(x.dtype)

    def enlarge(self, x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)

    def shuffle(self, x: Tensor) -> Tensor:
        return F.pixel_shuffle(x, 2)

    def end(self, x: Tensor, convolution: OutputConvolution) -> Tensor:
        return torch.sigmoid(convolution(x))


class _MeasuringOperations(_DifferentiableOperations):
    """Normalizes images by their own statistics, and keeps these."""

    def __init__(self, weights: Tensor) -> None:
        super().__init__(weights)
        self.measured: NormStatistics = []

    def normalize(self, x: Tensor, norm: ConditionalNorm) -> Tensor:
        self.measured.append(norm.measure(x))
        result: Tensor = norm(x, self._shares, self.measured[-1])
        return result


def unshuffle(image: Tensor) -> Tensor:
    """Return (N, 12, h, w) of an image (N, 3, 2 h, 2 w); the order of the channels is row, column, color."""
    count, channels, height, width = image.shape
    pixels = image.reshape(count, channels, height // 2, 2, width // 2, 2)
    return pixels.permute(0, 3, 5, 1, 2, 4).reshape(count, 4 * channels, height // 2, width // 2)


def pad_to_stride(images: Tensor) -> Tensor:
    """Return images whose sides are mirrored at the end to the next multiples of STRIDE."""
    height, width = images.shape[-2:]
    bottom, right = -height % STRIDE, -width % STRIDE
    return F.pad(images, (0, right, 0, bottom), mode="reflect") if bottom or right else images
