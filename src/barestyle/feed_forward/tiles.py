"""Tiles of a picture to be painted, each with the halo that makes its pixels those of the whole."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from torch import Tensor

from barestyle.feed_forward.layers import Origin
from barestyle.feed_forward.network import STRIDE, NetworkShape, pad_to_stride

TILE_PIXELS = 1_000_000
"""Most pixels of a tile, halo included: larger tiles are hardly faster."""

SMALLEST_TILE = 64
"""Pixels per side, without the halo."""


class Span(NamedTuple):
    """Rows or columns of a tile: the core from `start` to before `end`, and with the halo `first` to before `last`."""

    start: int
    end: int
    first: int
    last: int


class Tile(NamedTuple):
    """A tile of a picture."""

    rows: Span
    columns: Span

    @property
    def origin(self) -> Origin:
        """Where the halo begins."""
        return self.rows.first, self.columns.first

    def crop(self, image: Tensor) -> Tensor:
        """Return the tile with its halo, (1, 3, h, w), and sides that are multiples of STRIDE.

        At the right and at the bottom of the image it is mirrored, as the whole image would be.
        """
        rows, columns = self.rows, self.columns
        return pad_to_stride(image[..., rows.first : rows.last, columns.first : columns.last])

    def paste(self, painted: Tensor, result: Tensor) -> None:
        """Copy the core of a painted tile into the result."""
        rows, columns = self.rows, self.columns
        core = painted[
            ...,
            rows.start - rows.first : rows.end - rows.first,
            columns.start - columns.first : columns.end - columns.first,
        ]
        result[..., rows.start : rows.end, columns.start : columns.end] = core


def cut_tiles(height: int, width: int, size: tuple[int, int], halo: int) -> Iterator[Tile]:
    """Yield the tiles of an image; `size` is the largest height and width of their cores.

    With their halos all have the same size: those at the edges have wider ones inside. So memory can be used again.
    """
    for rows in _cut_evenly(height, size[0], halo):
        for columns in _cut_evenly(width, size[1], halo):
            yield Tile(rows, columns)


def choose_tile_size(height: int, width: int, halo: int, most_pixels: int) -> tuple[int, int]:
    """Return the height and width of cores with which the fewest pixels are computed, halos included.

    A tile with its halo has at most `most_pixels`, or as many as one of SMALLEST_TILE has.
    """
    most_pixels = max(most_pixels, (SMALLEST_TILE + 2 * halo) ** 2)
    best: tuple[int, tuple[int, int]] | None = None
    for columns in range(1, -(-width // SMALLEST_TILE) + 1):
        tile_width = _round_up(-(-width // columns))
        room = most_pixels // min(tile_width + 2 * halo, _round_up(width))
        tile_height = _round_up(height) if room >= _round_up(height) else (room - 2 * halo) // STRIDE * STRIDE
        if tile_height < min(SMALLEST_TILE, height):
            continue
        size = (tile_height, tile_width)
        computed = sum(_count_pixels(tile) for tile in cut_tiles(height, width, size, halo))
        if best is None or computed < best[0]:
            best = (computed, size)
        if columns == 1 and tile_height >= height:
            break  # the whole image
    assert best is not None  # tiles of SMALLEST_TILE are within the limit
    return best[1]


def estimate_pixel_bytes(shape: NetworkShape) -> int:
    """Return the bytes that painting with PyTorch takes for each pixel of a tile, from measured peaks."""
    full, half, quarter, _ = shape.widths
    finishing = 48  # three images, and what stays in use between blocks that are freed
    return 7 * full + 3 * half + 9 * quarter // 4 + finishing


def _count_pixels(tile: Tile) -> int:
    return (tile.rows.last - tile.rows.first) * (tile.columns.last - tile.columns.first)


def _cut_evenly(length: int, longest: int, halo: int) -> Iterator[Span]:
    """Yield spans of at most `longest` pixels, as even as multiples of STRIDE allow."""
    units = _round_up(length) // STRIDE
    count = -(-units // max(longest // STRIDE, 1))
    ends = [min(units * number // count * STRIDE, length) for number in range(count + 1)]
    with_halo = min(-(-units // count) * STRIDE + 2 * halo, _round_up(length))
    for start, end in pairwise(ends):
        first = min(max(start - halo, 0), _round_up(length) - with_halo)
        yield Span(start, end, first, min(first + with_halo, length))


def _round_up(length: int) -> int:
    return -(-length // STRIDE) * STRIDE
