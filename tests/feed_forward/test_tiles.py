"""Tiles cover a picture once, are within their limits, and are as large as these allow."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from barestyle.feed_forward import NetworkShape
from barestyle.feed_forward.tiles import SMALLEST_TILE, choose_tile_size, cut_tiles, estimate_pixel_bytes

HALO = 24


@settings(deadline=None)
@given(st.integers(8, 400), st.integers(8, 400), st.integers(16, 120), st.integers(16, 120))
def test_every_pixel_is_painted_once(height: int, width: int, tile_height: int, tile_width: int) -> None:
    image = torch.arange(float(height * width)).reshape(1, 1, height, width)
    result = torch.full_like(image, -1)
    count = torch.zeros_like(image)
    for tile in cut_tiles(height, width, (tile_height, tile_width), HALO):
        part = tile.crop(image)
        assert part.shape[2] % 8 == part.shape[3] % 8 == 0
        assert tile.rows.first % 8 == tile.columns.first % 8 == 0
        assert tile.rows.end - tile.rows.start <= tile_height
        tile.paste(part, result)
        tile.paste(torch.ones_like(part), ones := torch.zeros_like(image))
        count += ones
    assert torch.equal(result, image)
    assert torch.equal(count, torch.ones_like(image))


@settings(deadline=None)
@given(st.integers(8, 3000), st.integers(8, 3000), st.integers(15_000, 1_000_000))
def test_chosen_tiles_are_within_the_limit(height: int, width: int, most_pixels: int) -> None:
    size = choose_tile_size(height, width, HALO, most_pixels)
    for tile in cut_tiles(height, width, size, HALO):
        part = (tile.rows.last - tile.rows.first, tile.columns.last - tile.columns.first)
        assert part[0] * part[1] <= most_pixels


def test_the_whole_is_one_tile_if_it_fits() -> None:
    assert choose_tile_size(104, 200, HALO, 20_800) == (104, 200)
    assert choose_tile_size(104, 200, HALO, 20_799) != (104, 200)
    assert choose_tile_size(1000, 1000, HALO, 0) == (SMALLEST_TILE, SMALLEST_TILE)


@pytest.mark.parametrize(
    ("widths", "measured"),
    [((8, 32, 64, 72), 232), ((16, 32, 64, 64), 276), ((8, 16, 64, 64), 193), ((12, 48, 96, 96), 352)],
)
def test_the_estimate_covers_what_was_measured(widths: tuple[int, int, int, int], measured: float) -> None:
    """Peaks of PyTorch, in bytes for each pixel of 1024 x 1024."""
    assert measured <= estimate_pixel_bytes(NetworkShape(widths)) <= 2 * measured
