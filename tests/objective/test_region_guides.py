"""Guides at the resolution of taps: tiles of them are parts of the whole."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from barestyle.distributed import RowShard
from barestyle.losses import compute_moments
from barestyle.networks import ConvStack, Size, build_network
from barestyle.objective.plane_parts import split_planes
from barestyle.objective.region_guides import RegionGuides
from barestyle.objective.region_masks import RegionMasks
from barestyle.objective.tile_grid import cut_tiles, scale_core_to_tap
from tests.objective.cases import NETWORKS, build_spec, draw_image

SIZE = Size(39, 46)
SHARD = RowShard.split(SIZE.height)


@pytest.mark.parametrize("network_name", NETWORKS)
def test_tiles_are_parts_of_an_interpolated_map(network_name: str) -> None:
    spec = build_spec(network_name, "gram")
    network = build_network(spec.network, seed=1, deepest_layer=spec.deepest_layer).double()
    maps = draw_image(12, 15, seed=0)
    parts = split_planes(network, SIZE, SHARD)
    guides = RegionGuides(network, (maps, None), parts)
    assert guides.channels == (3, 0)
    for plane, stack in enumerate(network.stacks):
        assert isinstance(stack, ConvStack)
        plane_size = network.plane_sizes(SIZE)[plane]
        for tile in cut_tiles(stack, parts[plane], Size(17, 20)):
            by_layer = guides.crop_to_tile(plane, tile)
            assert by_layer is not None
            for index, (guide, absent) in enumerate(by_layer):
                assert guide is not None
                assert absent is None
                whole = F.interpolate(maps, stack.tap_size(index, plane_size), mode="bilinear")
                core, stride = scale_core_to_tap(stack, index, tile), stack.tap_stride(index)
                top = tile.core.top // stride - stack.margin // stride
                left = tile.core.left // stride - stack.margin // stride
                expected = whole[..., top : top + core.size.height, left : left + core.size.width]
                assert core.crop(guide) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("tile_size", [None, Size(14, 18)])
def test_moments_are_those_under_the_mask(tile_size: Size | None) -> None:
    spec = build_spec("mirrored borders, one pooling", "gram")
    network = build_network(spec.network, seed=1, deepest_layer=spec.deepest_layer).double()
    maps, mask = draw_image(12, 15, seed=0), torch.zeros(1, 1, *SIZE, dtype=torch.float64)
    mask[..., :20, :] = 1
    parts = split_planes(network, SIZE, SHARD)
    masks = RegionMasks(network, (None, mask), SHARD, parts)
    everywhere, masked = RegionGuides(network, (maps, maps), parts).compute_moments((1, 3), masks, tile_size)
    assert set(everywhere) == set(masked) == {1, 3}
    whole = F.interpolate(maps, SIZE, mode="bilinear")
    for actual, expected in ((everywhere[1], compute_moments(whole)), (masked[1], compute_moments(whole[..., :20, :]))):
        assert actual.pixels == expected.pixels
        assert actual.first == pytest.approx(expected.first, rel=1e-12)
        assert actual.second == pytest.approx(expected.second, rel=1e-12)
