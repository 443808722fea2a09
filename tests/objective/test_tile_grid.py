"""Tiles cover a plane, and windows are parts of maps."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from barestyle.networks import Size, build_network
from barestyle.objective.plane_parts import PlanePart
from barestyle.objective.tile_grid import Tile, Window, cut_tiles, scale_core_to_tap
from tests.objective.cases import build_spec


@settings(max_examples=60, deadline=None, derandomize=True)
@given(height=st.integers(2, 90), width=st.integers(2, 90), rows=st.integers(1, 100), columns=st.integers(1, 100))
def test_tiles_cover_every_pixel_once(height: int, width: int, rows: int, columns: int) -> None:
    spec = build_spec("vgg", "gram")
    (stack,) = build_network(spec.network, seed=0, deepest_layer=5).stacks
    count = torch.zeros(height, width)
    for core, with_halo, is_only in cut_tiles(stack, PlanePart.whole(stack, Size(height, width)), Size(rows, columns)):  # type: ignore[arg-type]
        count[core.top : core.bottom, core.left : core.right] += 1
        assert with_halo.top <= core.top < core.bottom <= with_halo.bottom
        assert core.size.height <= max(rows, 4) + 3, "at most the requested size, plus a rest below the alignment"
        assert not is_only or with_halo == (0, height, 0, width)
    assert bool((count == 1).all())


def test_without_a_size_there_is_one_tile() -> None:
    spec = build_spec("vgg", "gram")
    (stack,) = build_network(spec.network, seed=0, deepest_layer=5).stacks
    whole = Window(0, 37, 0, 41)
    assert list(cut_tiles(stack, PlanePart.whole(stack, Size(37, 41)), None)) == [(whole, whole, True)]  # type: ignore[arg-type]


def test_a_core_at_a_tap_is_counted_from_its_map() -> None:
    """The second tap is at full size, the third after one pooling, so coordinates there are halved."""
    spec = build_spec("vgg", "gram")
    (stack,) = build_network(spec.network, seed=0, deepest_layer=5).stacks
    tile = Tile(Window(40, 60, 80, 96), Window(20, 80, 60, 116), is_only=False)
    assert scale_core_to_tap(stack, 1, tile) == (20, 40, 20, 36)  # type: ignore[arg-type]
    assert scale_core_to_tap(stack, 2, tile) == (10, 20, 10, 18)  # type: ignore[arg-type]


def test_a_window_crops_maps_and_is_clipped_to_rows() -> None:
    maps = torch.arange(2 * 5 * 6).view(1, 2, 5, 6)
    window = Window(1, 4, 2, 5)
    assert window.size == Size(3, 3)
    assert torch.equal(window.crop(maps), maps[:, :, 1:4, 2:5])
    rows = window.clip_to_rows(2, 5)
    assert rows == (0, 2, 2, 5)
    assert torch.equal(rows.crop(maps[:, :, 2:5]), maps[:, :, 2:4, 2:5])
    assert not window.clip_to_rows(4, 5).has_rows
