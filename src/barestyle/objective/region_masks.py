"""Region masks at the resolution of every tap.

A mask weights the moments at each tap's resolution (Gatys et al. 2017, doi:10.1109/CVPR.2017.397, section 4: spatial
control). Weighted moments add over tiles as others do, so tiling stays exact.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from barestyle.networks import ConvStack, Network, Size
from barestyle.objective.tile_grid import Tile, scale_halo_to_tap

Masks = tuple[Tensor | None, ...]
"""One mask for each region, (h, w) in 0..1, or None if every pixel has weight 1."""


class RegionMasks:
    """Every region's mask at every tap's resolution, computed when first needed; equal resolutions share one."""

    def __init__(self, network: Network, masks: Masks, image: Size) -> None:
        """Take the masks at the image's size, (1, 1, H, W) each."""
        self.region_count = len(masks)
        self._network = network
        self._masks = masks
        self._plane_sizes = network.plane_sizes(image)
        self._cache: dict[tuple[int, int, Size], Tensor] = {}

    def crop_to_tile(self, plane: int, tile: Tile) -> list[Masks] | None:
        """Return the masks of a tile with its halo at the tap of each layer over a plane, or None without any mask."""
        if all(mask is None for mask in self._masks):
            return None
        stack = self._network.stacks[plane]
        assert isinstance(stack, ConvStack)
        masks_by_layer = []
        for index in range(len(stack)):
            top, bottom, left, right = scale_halo_to_tap(stack, index, tile)
            whole = [self._scale_to_tap(region, plane, stack, index) for region in range(self.region_count)]
            masks_by_layer.append(tuple(None if mask is None else mask[top:bottom, left:right] for mask in whole))
        return masks_by_layer

    def _scale_to_tap(self, region: int, plane: int, stack: ConvStack, index: int) -> Tensor | None:
        """Return a region's mask at a tap, zero in the plane's margin, which does not count."""
        mask = self._masks[region]
        if mask is None:
            return None
        size = stack.tap_size(index, self._plane_sizes[plane])
        margin = stack.margin // stack.tap_stride(index)
        key = (region, margin, size)
        if key not in self._cache:
            self._cache[key] = F.pad(average_to(mask, size)[0, 0], (margin,) * 4)
        return self._cache[key]


def average_to(mask: Tensor, size: Size) -> Tensor:
    """Return a mask (1, 1, H, W) at a tap's size, (1, 1, *size): each value is the mean of the pixels pooled to it.

    Rows and columns that pooling drops at the far edges count only if the mask is zero everywhere else.
    """
    height, width = mask.shape[-2:]
    if (height, width) == size:
        return mask
    pooled = mask[..., : height // size.height * size.height, : width // size.width * size.width]
    # Levels of a pyramid are not a whole number of times smaller; `area` then averages the pixels that overlap.
    is_exact = height // size.height == width // size.width and bool(pooled.any())
    return F.interpolate(pooled if is_exact else mask, size, mode="area")
