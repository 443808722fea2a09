"""The first pass over an image: the moments of its features, summed tile by tile without a graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from barestyle.distributed import RowShard
from barestyle.losses.moments import MomentAccumulator, Moments
from barestyle.networks import ConvStack, Network, Size
from barestyle.objective.buffer_pool import BufferPool
from barestyle.objective.plane_parts import PlanePart, PlaneRows
from barestyle.objective.region_guides import Guides, RegionGuides
from barestyle.objective.region_masks import Masks, RegionMasks
from barestyle.objective.tile_grid import Tile, cut_tiles, scale_core_to_tap
from barestyle.objective.tile_pass import TilePass
from barestyle.objective.tile_policy import Tiling


class PlaneTile(NamedTuple):
    """A tile, and the index of the plane that it is cut from."""

    plane: int
    tile: Tile


def compute_style_moments(
    network: Network,
    image: Tensor,
    taps: set[int],
    tiling: Tiling,
    mask: Tensor | None = None,
    guide: Tensor | None = None,
    shard: RowShard | None = None,
) -> dict[int, Moments]:
    """Return the moments of an image's features by tap, without a graph; with `guide`, of both together.

    `image` is (1, 3, H, W) in 0..1; `mask`, if given, (1, 1, H, W) in 0..1, weights its pixels; `guide` is (1, k, h, w)
    at any size. With `shard`, image and mask are this process's rows, and the moments those of the whole.
    """
    by_tap = compute_masked_moments(network, image, taps, tiling, (mask,), guide, shard)
    return {tap: moments for tap, (moments,) in by_tap.items()}


def compute_masked_moments(
    network: Network,
    image: Tensor,
    taps: set[int],
    tiling: Tiling,
    masks: Masks,
    guide: Tensor | None = None,
    shard: RowShard | None = None,
) -> dict[int, list[Moments]]:
    """Return the moments by tap under each of several masks, as `compute_style_moments` does; features are shared."""
    shard = shard or RowShard.split(image.shape[-2])
    size = Size(shard.height, image.shape[-1])
    rows = PlaneRows(network, size, shard)
    region_masks = RegionMasks(network, masks, shard, rows.parts)
    guides = RegionGuides(network, (guide,) * len(masks), rows.parts)
    gathered = rows.gather(image)

    def accumulate() -> dict[int, list[MomentAccumulator]]:
        with torch.no_grad():
            planes = rows.split(gathered)
            once = Tiling(tiling.tile_size, resident_tiles=0)
            return accumulate_moments(network, planes, rows.parts, taps, region_masks, guides, once, BufferPool())[0]

    accumulators = tiling.run_until_it_fits(accumulate, size, can_retry=not shard.is_split)
    return sum_moments(accumulators, shard)


def accumulate_moments(
    network: Network,
    planes: list[Tensor],
    parts: Sequence[PlanePart],
    taps: set[int],
    masks: RegionMasks,
    guides: RegionGuides,
    tiling: Tiling,
    buffers: BufferPool,
) -> tuple[dict[int, list[MomentAccumulator]], dict[PlaneTile, TilePass]]:
    """Return the moments by tap and region, and the passes of the resident tiles, which still have their features.

    `planes` are the held rows of each part, and the moments those of its core. The resident tiles are the last ones, or
    all of them if planes are not cut.
    """
    accumulators = _start_accumulators(network, taps, guides)
    resident: dict[PlaneTile, TilePass] = {}
    tiles = cut_planes(network, parts, tiling.tile_size)
    for number, plane_tile in enumerate(tiles):
        stack = network.stacks[plane_tile.plane]
        assert isinstance(stack, ConvStack)
        by_layer = {tap - stack.first_tap: by_region for tap, by_region in accumulators.items()}
        pixels = crop_to_tile(planes[plane_tile.plane], parts[plane_tile.plane], plane_tile.tile)
        tile_pass = start_tile_pass(
            stack, pixels, plane_tile.tile, buffers, masks.crop_to_tile(*plane_tile), guides.crop_to_tile(*plane_tile)
        )
        tile_pass.forward(by_layer)
        if tiling.resident_tiles and (tiling.tile_size is None or number >= len(tiles) - tiling.resident_tiles):
            resident[plane_tile] = tile_pass
        else:
            tile_pass.release()
    return accumulators, resident


def _start_accumulators(network: Network, taps: set[int], guides: RegionGuides) -> dict[int, list[MomentAccumulator]]:
    """Return empty accumulators by tap and region, in the order of the taps."""
    accumulators = {}
    for stack in network.stacks:
        assert isinstance(stack, ConvStack)
        for index in range(len(stack)):
            if stack.first_tap + index in taps:
                layer = stack[index]
                new = [MomentAccumulator(layer.channels, layer.weight, length) for length in guides.channels]
                accumulators[stack.first_tap + index] = new
    return accumulators


def sum_moments(accumulators: dict[int, list[MomentAccumulator]], shard: RowShard) -> dict[int, list[Moments]]:
    """Return the moments of the whole image by tap and region, from those of each process's part."""
    moments = {tap: [each.moments for each in by_region] for tap, by_region in accumulators.items()}
    summed = iter(add_over_processes([each for by_region in moments.values() for each in by_region], shard))
    return {tap: [next(summed) for _ in by_region] for tap, by_region in moments.items()}


def add_over_processes(moments: Sequence[Moments], shard: RowShard) -> list[Moments]:
    """Return the sums of all processes' moments, which have the same shapes on each; one message for all of them."""
    if not shard.is_split:
        return list(moments)
    numbers = [torch.tensor([each.pixels], dtype=torch.float64) for each in moments]
    tensors = [tensor for each, pixels in zip(moments, numbers, strict=True) for tensor in (pixels, *each[1:])]
    # In float64: a part's number of pixels can be beyond what float32 counts, and there are few numbers.
    total = shard.sum(torch.cat([tensor.flatten().cpu().double() for tensor in tensors]))
    parts = iter(torch.split(total, [tensor.numel() for tensor in tensors]))
    return [
        Moments(float(next(parts)), *(next(parts).view(each.shape).to(each) for each in (first, second)))
        for _, first, second in moments
    ]


def cut_planes(network: Network, parts: Sequence[PlanePart], tile_size: Size | None) -> list[PlaneTile]:
    """Return the tiles of the parts of all planes, in the order of the first pass."""
    return [
        PlaneTile(index, tile)
        for index, (stack, part) in enumerate(zip(network.stacks, parts, strict=True))
        for tile in cut_tiles(stack, part, tile_size)  # type: ignore[arg-type]
    ]


def crop_to_tile(plane: Tensor, part: PlanePart, tile: Tile) -> Tensor:
    """Return a tile with its halo from the held rows of a part of a plane, a view."""
    return tile.with_halo.move_up(part.held[0]).crop(plane)


def start_tile_pass(
    stack: ConvStack,
    pixels: Tensor,
    tile: Tile,
    buffers: BufferPool,
    masks: Sequence[Masks] | None = None,
    guides: Sequence[Guides] | None = None,
) -> TilePass:
    """Return the pass of a tile with its halo, (1, 3, h, w), before its forward pass."""
    cores = [scale_core_to_tap(stack, index, tile) for index in range(len(stack))]
    return TilePass(stack, pixels, cores, buffers, masks, guides)
