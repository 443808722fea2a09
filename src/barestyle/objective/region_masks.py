"""Region masks at the resolution of every tap.

A mask weighs the moments at each tap's resolution (Gatys et al. 2017, doi:10.1109/CVPR.2017.397, section 4: spatial
control). Weighted moments still add over tiles, so tiling stays exact.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from barestyle.networks import ConvStack, Network, Size
from barestyle.objective.tile_grid import Tile

Masks = tuple[Tensor | None, ...]
"""One for each region, (h, w) in 0..1; None where every pixel counts whole."""


class RegionMasks:
    """Every region's mask at every tap's resolution, made when first asked for; equal resolutions share one."""

    def __init__(self, network: Network, masks: Masks, picture: Size) -> None:
        """`masks` are (1, 1, H, W) at the picture's size."""
        self.regions = len(masks)
        self._network = network
        self._masks = masks
        self._sizes = network.plane_sizes(picture)
        self._made: dict[tuple[int, int, Size], Tensor] = {}

    def within(self, plane: int, tile: Tile) -> list[Masks] | None:
        """For each layer over a plane, the masks of what a tile's tap sees; None where no region has a mask."""
        if all(mask is None for mask in self._masks):
            return None
        stack = self._network.stacks[plane]
        assert isinstance(stack, ConvStack)
        found = []
        for index in range(len(stack)):
            stride = stack.tap_stride(index)
            top, left = tile.with_halo.top // stride, tile.with_halo.left // stride
            bottom, right = top + tile.with_halo.size.height // stride, left + tile.with_halo.size.width // stride
            whole = [self._at(number, plane, stack, index) for number in range(len(self._masks))]
            found.append(tuple(None if mask is None else mask[top:bottom, left:right] for mask in whole))
        return found

    def _at(self, number: int, plane: int, stack: ConvStack, index: int) -> Tensor | None:
        """A region's mask at a tap, with zeros for the plane's margin, where nothing counts."""
        mask = self._masks[number]
        if mask is None:
            return None
        size = stack.tap_size(index, self._sizes[plane])
        margin = stack.margin // stack.tap_stride(index)
        key = (number, margin, size)
        if key not in self._made:
            self._made[key] = F.pad(_averaged(mask, size)[0, 0], (margin,) * 4)
        return self._made[key]


def _averaged(mask: Tensor, size: Size) -> Tensor:
    """A mask (1, 1, H, W) at a tap's resolution: for each of its pixels the mean of those that are pooled to it.

    Rows and columns that pooling drops at the far edges count only where the mask has nothing else.
    """
    height, width = mask.shape[-2:]
    if (height, width) == size:
        return mask
    pooled = mask[..., : height // size.height * size.height, : width // size.width * size.width]
    # A pyramid's levels are no whole number of times smaller, and there `area` averages what overlaps.
    exact = height // size.height == width // size.width and bool(pooled.any())
    return F.interpolate(pooled if exact else mask, size, mode="area")
