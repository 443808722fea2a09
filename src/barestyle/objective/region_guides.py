"""Guides at the resolution of every tap, cut to tiles.

A guide is stored at its own low resolution. At each tap it is interpolated pixel by pixel, so that a tile gets the same
values as the whole image, and tiling stays exact.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from barestyle.losses.moments import MomentAccumulator, Moments
from barestyle.networks import ConvStack, Network, Size
from barestyle.networks.interpolation import interpolate
from barestyle.objective.plane_parts import PlanePart
from barestyle.objective.region_masks import RegionMasks
from barestyle.objective.tile_grid import Tile, Window, cut_tiles, scale_core_to_tap, scale_halo_to_tap

SLAB = 64
"""Rows that are interpolated at the same time: their values in float32 take several times the memory of the guide."""

Guides = tuple[Tensor | None, ...]
"""One guide for each region, (1, k, h, w), or None if its style loss has none."""


class RegionGuides:
    """Every region's guide at every tap's resolution; those of an only tile are kept for the next evaluation."""

    def __init__(self, network: Network, maps: Sequence[Tensor | None], parts: Sequence[PlanePart]) -> None:
        """Take the guides' maps, (1, k, h, w) each at any size, and this process's parts of the planes."""
        self._network = network
        self._maps = tuple(maps)
        # Regions with the same maps share the interpolated ones.
        self._sources = [next(i for i, other in enumerate(self._maps) if other is each) for each in self._maps]
        self._parts = list(parts)
        self._whole: dict[tuple[int, int, Size], Tensor] = {}

    @property
    def channels(self) -> tuple[int, ...]:
        """Number of channels of each region's guide, 0 without one."""
        return tuple(0 if maps is None else maps.shape[1] for maps in self._maps)

    def crop_to_tile(self, plane: int, tile: Tile) -> list[Guides] | None:
        """Return the guides of a tile with its halo at the tap of each layer over a plane, or None without any guide.

        They have the precision and the device of the network's features.
        """
        if all(maps is None for maps in self._maps):
            return None
        stack = self._network.stacks[plane]
        assert isinstance(stack, ConvStack)
        guides = []
        for index in range(len(stack)):
            window = scale_halo_to_tap(stack, index, tile)
            distinct = {
                region: self._interpolate(region, plane, index, window, tile.is_only) for region in set(self._sources)
            }
            guides.append(tuple(distinct[region] for region in self._sources))
        return guides

    def compute_moments(
        self, taps: Sequence[int], masks: RegionMasks, tile_size: Size | None = None
    ) -> list[dict[int, Moments]]:
        """Return the moments of each region's guide by tap, under the region's mask, summed tile by tile.

        They are those of this process's parts.
        """
        moments = [
            {} if maps is None else {tap: MomentAccumulator(maps.shape[1], self._like).moments for tap in taps}
            for maps in self._maps
        ]
        for plane, stack in enumerate(self._network.stacks):
            assert isinstance(stack, ConvStack)
            for tile in cut_tiles(stack, self._parts[plane], tile_size):
                self._add_moments_of_tile(moments, taps, plane, tile, masks)
        return moments

    @property
    def _like(self) -> Tensor:
        """A tensor with the precision and the device of the network's features."""
        return next(self._network.buffers())

    def _add_moments_of_tile(
        self, moments: list[dict[int, Moments]], taps: Sequence[int], plane: int, tile: Tile, masks: RegionMasks
    ) -> None:
        """Add the moments of a tile's core to those of its plane."""
        stack = self._network.stacks[plane]
        assert isinstance(stack, ConvStack)
        guides, weights = self.crop_to_tile(plane, tile), masks.crop_to_tile(plane, tile)
        for index in range(len(stack)):
            tap = stack.first_tap + index
            if guides is None or tap not in taps:
                continue
            core = scale_core_to_tap(stack, index, tile)
            for region, guide in enumerate(guides[index]):
                if guide is not None:
                    mask = None if weights is None else weights[index][region]
                    moments[region][tap] += _compute_core_moments(guide, mask, core)

    def _interpolate(self, region: int, plane: int, index: int, window: Window, keep: bool) -> Tensor | None:
        """Return a region's guide in a window of a tap; in the margin it repeats what is at the border."""
        maps = self._maps[region]
        if maps is None:
            return None
        stack = self._network.stacks[plane]
        assert isinstance(stack, ConvStack)
        size = stack.tap_size(index, self._parts[plane].size)
        margin = stack.margin // stack.tap_stride(index)
        key = (region, margin, size)
        if keep and key in self._whole:
            return self._whole[key]
        accurate = maps[0].to(torch.promote_types(self._network.dtype, torch.float32))
        rows = interpolate(accurate, 1, size.height, window.top - margin, window.bottom - margin)
        shape = (1, *maps.shape[1:2], *window.size)
        guide = torch.empty(
            shape, dtype=self._network.dtype, device=self._network.device, memory_format=torch.channels_last
        )
        for top in range(0, window.size.height, SLAB):
            slab = rows[:, top : top + SLAB]
            guide[0, :, top : top + SLAB] = interpolate(
                slab, 2, size.width, window.left - margin, window.right - margin
            )
        if keep:
            self._whole[key] = guide
        return guide


def _compute_core_moments(guide: Tensor, mask: Tensor | None, core: Window) -> Moments:
    """Return the moments of a guide (1, k, h, w) in a window, under a mask (h, w)."""
    accumulator = MomentAccumulator(guide.shape[1], guide)
    weights = None if mask is None else mask[core.top : core.bottom, core.left : core.right]
    accumulator.add(core.crop(guide), weights)
    return accumulator.moments
