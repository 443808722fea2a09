"""The number of operations of an evaluation: what sizes and networks are compared by."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from barestyle.networks import ConvStack, Network, Size

PER_VALUE = 2500
"""Operations that take as long as pooling, activating, copying and summing one feature, forward and backward.

Fitted, with PER_ENTRY, to evaluations of `bare-fast`, `bare` and `bare-fine` at 24 x 32 to 384 x 512 pixels.
"""

PER_ENTRY = 6000
"""Operations that take as long as one entry of a tap's second moments takes the style loss, at any size."""

GUIDE_PER_COLOR = 300_000
"""Operations that take as long as building a guide takes for one pixel of its color maps."""

GUIDE_PER_PIXEL = 40_000
"""Operations that take as long as building a guide takes for one pixel of the content, besides its color maps."""


class Operations(NamedTuple):
    """Work of an evaluation.

    Attributes:
        layers: convolutions, each with a cost that is independent of the image's size.
        pixels: operations that grow with the image, in the precision of the network.
        matrices: operations on second moments, in float32 and independent of the image's size.
    """

    layers: int
    pixels: float
    matrices: float


def count_operations(network: Network, image: Size, taps: Collection[int], guide_channels: int = 0) -> Operations:
    """Return the work of one loss and gradient for an image of a size.

    Args:
        network: the network; its weights do not matter.
        image: size of the image.
        taps: layers whose moments the style loss compares.
        guide_channels: channels of the guides of all regions.
    """
    layers, pixels, matrices = 0, 0.0, 0.0
    for stack, plane in zip(network.stacks, network.plane_sizes(image), strict=True):
        assert isinstance(stack, ConvStack)
        for index, size in enumerate(stack.sizes(plane)):
            channels, inputs, height, width = stack[index].weight.shape
            per_position = 2 * 2 * channels * inputs * height * width + PER_VALUE * channels
            layers += 1
            if stack.first_tap + index in taps:
                compared = channels + guide_channels
                per_position += 2 * 2 * compared**2
                matrices += PER_ENTRY * compared**2
            pixels += per_position * size.height * size.width
    return Operations(layers, pixels, matrices)


def count_guide_operations(image: Size, resolution: int) -> float:
    """Return the work of building a region's guide, which has `resolution` cells along the long side."""
    pixels = image.height * image.width
    side = 2 * resolution / 3
    return GUIDE_PER_COLOR * pixels * min(side / max(image), 1.0) ** 2 + GUIDE_PER_PIXEL * pixels
