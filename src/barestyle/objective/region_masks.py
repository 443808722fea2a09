"""Region masks at the resolution of every tap.

A mask weights the moments at each tap's resolution (Gatys et al. 2017, doi:10.1109/CVPR.2017.397, section 4: spatial
control). Weighted moments add over tiles as others do, so tiling stays exact.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from barestyle.distributed import HaloExchange, RowShard, Span
from barestyle.networks import ConvStack, Network, Size
from barestyle.objective.plane_parts import PlanePart
from barestyle.objective.tile_grid import Tile, scale_halo_to_tap

Masks = tuple[Tensor | None, ...]
"""One mask for each region, (h, w) in 0..1, or None if every pixel has weight 1."""


class RegionMasks:
    """Every region's mask at every tap's resolution, computed when first needed; equal resolutions share one."""

    def __init__(self, network: Network, masks: Masks, shard: RowShard, parts: Sequence[PlanePart]) -> None:
        """Take this process's rows of the masks at the image's size, (1, 1, h, W) each, and its parts of the planes."""
        self.region_count = len(masks)
        self._network = network
        self._height = shard.height
        self._parts = list(parts)
        self._cache: dict[tuple[int, int, int, Size], Tensor] = {}
        needed = self._find_rows(shard)
        exchange = HaloExchange(shard, needed)
        self._first_row = needed[0]
        self._masks = tuple(None if mask is None else exchange.gather(mask) for mask in masks)
        self._counts_inside = self._measure_inside(masks, shard)

    def _find_rows(self, shard: RowShard) -> Span:
        """Return the rows of the image whose means are the masks of this process's cores."""
        if not shard.is_split:
            return 0, shard.height
        spans = [(shard.top, shard.bottom)]
        for stack, part in zip(self._network.stacks, self._parts, strict=True):
            assert isinstance(stack, ConvStack)
            for index in range(len(stack)):
                size, (top, bottom) = stack.tap_size(index, part.size), _core_at_tap(stack, index, part)
                if top < bottom:
                    # Either kind of mean in `average_to`.
                    down = self._height // size.height
                    first, last = (_find_sources(row, self._height, size.height) for row in (top, bottom - 1))
                    spans.append((min(first[0], top * down), max(last[1], bottom * down)))
        return min(top for top, _ in spans), max(bottom for _, bottom in spans)

    def _measure_inside(self, masks: Masks, shard: RowShard) -> dict[tuple[int, Size], bool]:
        """Return for each region and size of a tap whether its mask has pixels that are pooled to that size."""
        found: dict[tuple[int, Size], bool] = {}
        for region, mask in enumerate(masks):
            if mask is None:
                continue
            for stack, part in zip(self._network.stacks, self._parts, strict=True):
                assert isinstance(stack, ConvStack)
                for index in range(len(stack)):
                    size = stack.tap_size(index, part.size)
                    if (region, size) not in found:
                        bottom = self._height // size.height * size.height - shard.top
                        right = mask.shape[-1] // size.width * size.width
                        inside = mask[..., : max(bottom, 0), :right].any().to(mask).reshape(1)
                        found[region, size] = bool(shard.sum(inside).item())
        return found

    def crop_to_tile(self, plane: int, tile: Tile) -> list[Masks] | None:
        """Return the masks of a tile with its halo at the tap of each layer over a plane, or None without any mask.

        Only the values in the tile's core are needed; those around it may be zero.
        """
        if all(mask is None for mask in self._masks):
            return None
        stack = self._network.stacks[plane]
        assert isinstance(stack, ConvStack)
        masks_by_layer = []
        for index in range(len(stack)):
            first = self._parts[plane].held[0] // stack.tap_stride(index)
            top, bottom, left, right = scale_halo_to_tap(stack, index, tile).move_up(first)
            held = [self._scale_to_tap(region, plane, stack, index) for region in range(self.region_count)]
            masks_by_layer.append(tuple(None if mask is None else mask[top:bottom, left:right] for mask in held))
        return masks_by_layer

    def _scale_to_tap(self, region: int, plane: int, stack: ConvStack, index: int) -> Tensor | None:
        """Return a region's mask at a tap, in the held rows of a plane; zero outside of the core, and in the margin."""
        mask, part = self._masks[region], self._parts[plane]
        if mask is None:
            return None
        stride, size = stack.tap_stride(index), stack.tap_size(index, part.size)
        margin = stack.margin // stride
        key = (region, margin, part.held[0] // stride, size)
        if key not in self._cache:
            top, bottom = _core_at_tap(stack, index, part)
            inside = self._counts_inside[region, size]
            core = average_to(
                mask, size, is_inside=inside, rows=(top, bottom), first=self._first_row, height=self._height
            )
            first, last = part.held[0] // stride, part.held[1] // stride
            above, below = top + margin - first, last - (bottom + margin)
            self._cache[key] = F.pad(core[0, 0], (margin, margin, above, below))
        return self._cache[key]


def _core_at_tap(stack: ConvStack, index: int, part: PlanePart) -> Span:
    """Return the rows of a layer's tap, without margin, that are in the core of a part of a plane."""
    stride = stack.tap_stride(index)
    height = stack.tap_size(index, part.size).height
    top, bottom = (min((row - stack.margin) // stride, height) for row in part.core)
    return top, bottom


def average_to(
    mask: Tensor,
    size: Size,
    *,
    is_inside: bool | None = None,
    rows: Span | None = None,
    first: int = 0,
    height: int | None = None,
) -> Tensor:
    """Return a mask (1, 1, H, W) at a tap's size, (1, 1, *size): each value is the mean of the pixels pooled to it.

    Rows and columns that pooling drops at the far edges count only if the mask is zero everywhere else.

    Args:
        is_inside: whether the whole mask has pixels that pooling does not drop; by default it is looked up.
        rows: which rows of the result to return; by default all.
        first, height: which row of a mask of that height the first one of `mask` is.
    """
    height, width = mask.shape[-2] if height is None else height, mask.shape[-1]
    top, bottom = rows or (0, size.height)
    if (height, width) == size:
        return mask[:, :, top - first : bottom - first]
    down, across = height // size.height, width // size.width
    pooled = mask[..., : max(size.height * down - first, 0), : size.width * across]
    # Levels of a pyramid are not a whole number of times smaller; `area` then averages the pixels that overlap.
    if down == across and (bool(pooled.any()) if is_inside is None else is_inside):
        return F.interpolate(
            pooled[:, :, top * down - first : bottom * down - first], (bottom - top, size.width), mode="area"
        )
    if (top, bottom, first) == (0, size.height, 0):
        return F.interpolate(mask, size, mode="area")
    narrow = F.interpolate(mask, (mask.shape[2], size.width), mode="area")
    spans = [_find_sources(row, height, size.height) for row in range(top, bottom)]
    means = [narrow[:, :, start - first : end - first].mean(dim=2, keepdim=True) for start, end in spans]
    return torch.cat(means, dim=2) if means else narrow[:, :, :0]


def _find_sources(row: int, height: int, count: int) -> Span:
    """Return the rows of `height` that overlap a row of `count`."""
    return row * height // count, -(-(row + 1) * height // count)
