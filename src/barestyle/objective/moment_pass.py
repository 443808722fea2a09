"""The first pass over an image: the moments of its features, summed tile by tile without a graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from barestyle.losses.moments import MomentAccumulator, Moments
from barestyle.networks import ConvStack, Network, Size
from barestyle.objective.buffer_pool import BufferPool
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
) -> dict[int, Moments]:
    """Return the moments of an image's features by tap, without a graph; with `guide`, of both together.

    `image` is (1, 3, H, W) in 0..1; `mask`, if given, (1, 1, H, W) in 0..1, weights its pixels; `guide` is (1, k, h, w)
    at any size.
    """
    size = Size(*image.shape[-2:])
    masks, guides = RegionMasks(network, (mask,), size), RegionGuides(network, (guide,), size)

    def accumulate() -> dict[int, list[MomentAccumulator]]:
        with torch.no_grad():
            planes = network.split_into_planes(image)
            once = Tiling(tiling.tile_size, resident_tiles=0)
            return accumulate_moments(network, planes, taps, masks, guides, once, BufferPool())[0]

    accumulators = tiling.run_until_it_fits(accumulate, size)
    return {tap: accumulator.moments for tap, (accumulator,) in accumulators.items()}


def accumulate_moments(
    network: Network,
    planes: list[Tensor],
    taps: set[int],
    masks: RegionMasks,
    guides: RegionGuides,
    tiling: Tiling,
    buffers: BufferPool,
) -> tuple[dict[int, list[MomentAccumulator]], dict[PlaneTile, TilePass]]:
    """Return the moments by tap and region, and the passes of the resident tiles, which still have their features.

    The resident tiles are the last ones, or all of them if planes are not cut.
    """
    accumulators: dict[int, list[MomentAccumulator]] = {}
    resident: dict[PlaneTile, TilePass] = {}
    tiles = cut_planes(network, planes, tiling.tile_size)
    for number, plane_tile in enumerate(tiles):
        stack = network.stacks[plane_tile.plane]
        assert isinstance(stack, ConvStack)
        by_layer = {}
        for index in range(len(stack)):
            if stack.first_tap + index in taps:
                layer = stack[index]
                new = [MomentAccumulator(layer.channels, layer.weight, length) for length in guides.channels]
                by_layer[index] = accumulators.setdefault(stack.first_tap + index, new)
        plane = planes[plane_tile.plane]
        tile_pass = start_tile_pass(
            stack, plane, plane_tile.tile, buffers, masks.crop_to_tile(*plane_tile), guides.crop_to_tile(*plane_tile)
        )
        tile_pass.forward(by_layer)
        if tiling.resident_tiles and (tiling.tile_size is None or number >= len(tiles) - tiling.resident_tiles):
            resident[plane_tile] = tile_pass
        else:
            tile_pass.release()
    return accumulators, resident


def cut_planes(network: Network, planes: list[Tensor], tile_size: Size | None) -> list[PlaneTile]:
    """Return the tiles of all planes, in the order of the first pass."""
    return [
        PlaneTile(index, tile)
        for index, (stack, plane) in enumerate(zip(network.stacks, planes, strict=True))
        for tile in cut_tiles(stack, Size(*plane.shape[-2:]), tile_size)  # type: ignore[arg-type]
    ]


def start_tile_pass(
    stack: ConvStack,
    plane: Tensor,
    tile: Tile,
    buffers: BufferPool,
    masks: Sequence[Masks] | None = None,
    guides: Sequence[Guides] | None = None,
) -> TilePass:
    """Return the pass of a tile of a plane, before its forward pass."""
    cores = [scale_core_to_tap(stack, index, tile) for index in range(len(stack))]
    return TilePass(stack, tile.with_halo.crop(plane), cores, buffers, masks, guides)
