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
from barestyle.objective.region_masks import RegionMasks
from barestyle.objective.tile_grid import Tile, Window, cut_tiles, scale_core_to_tap, scale_halo_to_tap

Guides = tuple[Tensor | None, ...]
"""One guide for each region, (1, k, h, w), or None if its style loss has none."""


class RegionGuides:
    """Every region's guide at every tap's resolution; those of a whole plane are kept for the next evaluation."""

    def __init__(self, network: Network, maps: Sequence[Tensor | None], image: Size) -> None:
        """Take the guides' maps, (1, k, h, w) each at any size, of an image of a size."""
        self._network = network
        self._maps = tuple(maps)
        self._plane_sizes = network.plane_sizes(image)
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
        windows = [scale_halo_to_tap(stack, index, tile) for index in range(len(stack))]
        regions = range(len(self._maps))
        return [
            tuple(self._interpolate(region, plane, index, window, tile.is_only) for region in regions)
            for index, window in enumerate(windows)
        ]

    def compute_moments(
        self, taps: Sequence[int], masks: RegionMasks, tile_size: Size | None = None
    ) -> list[dict[int, Moments]]:
        """Return the moments of each region's guide by tap, under the region's mask, summed tile by tile."""
        moments: list[dict[int, Moments]] = [{} for _ in self._maps]
        for plane, stack in enumerate(self._network.stacks):
            assert isinstance(stack, ConvStack)
            for tile in cut_tiles(stack, self._plane_sizes[plane], tile_size):
                self._add_moments_of_tile(moments, taps, plane, tile, masks)
        return moments

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
                    added = _compute_core_moments(guide, mask, core)
                    before = moments[region].get(tap)
                    moments[region][tap] = added if before is None else before + added

    def _interpolate(self, region: int, plane: int, index: int, window: Window, keep: bool) -> Tensor | None:
        """Return a region's guide in a window of a tap; in the margin it repeats what is at the border."""
        maps = self._maps[region]
        if maps is None:
            return None
        stack = self._network.stacks[plane]
        assert isinstance(stack, ConvStack)
        size = stack.tap_size(index, self._plane_sizes[plane])
        margin = stack.margin // stack.tap_stride(index)
        key = (region, margin, size)
        if keep and key in self._whole:
            return self._whole[key]
        accurate = maps[0].to(torch.promote_types(self._network.dtype, torch.float32))
        rows = _interpolate_axis(accurate, 1, size.height, window.top - margin, window.bottom - margin)
        values = _interpolate_axis(rows, 2, size.width, window.left - margin, window.right - margin)
        guide = values[None].to(self._network.device, self._network.dtype).contiguous(memory_format=torch.channels_last)
        if keep:
            self._whole[key] = guide
        return guide


def _compute_core_moments(guide: Tensor, mask: Tensor | None, core: Window) -> Moments:
    """Return the moments of a guide (1, k, h, w) in a window, under a mask (h, w)."""
    accumulator = MomentAccumulator(guide.shape[1], guide)
    weights = None if mask is None else mask[core.top : core.bottom, core.left : core.right]
    accumulator.add(core.crop(guide), weights)
    return accumulator.moments


def _interpolate_axis(maps: Tensor, axis: int, length: int, start: int, end: int) -> Tensor:
    """Return positions `start` to before `end`, of `length` along an axis, linearly interpolated from a coarser map."""
    count = maps.shape[axis]
    at = ((torch.arange(start, end, dtype=torch.float64) + 0.5) * (count / length) - 0.5).clamp(0, count - 1)
    before = at.floor().long()
    share = (at - before).to(maps.dtype).view([-1 if other == axis else 1 for other in range(maps.ndim)])
    after = (before + 1).clamp(max=count - 1)
    return torch.lerp(maps.index_select(axis, before), maps.index_select(axis, after), share)
