"""Cutting a plane into tiles, each with all the pixels around it that its features see."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from barestyle.networks import Chain, Size


class Window(NamedTuple):
    """Rows and columns of a map: from `top` to before `bottom`, from `left` to before `right`."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def size(self) -> Size:
        """Its height and width."""
        return Size(self.bottom - self.top, self.right - self.left)


class Tile(NamedTuple):
    """A part of a plane: `own` is what no other tile has, `seen` is that and what its features see around it.

    `alone`: it is the only one, and sees the whole plane.
    """

    own: Window
    seen: Window
    alone: bool


def tiles(chain: Chain, plane: Size, side: Size | None) -> Iterator[Tile]:
    """Tiles of at most `side` pixels each that cover what counts of a plane; one tile where `side` is None.

    A side is rounded down to where every map is cut between its pixels; the last tiles have what is left.
    """
    before, after = chain.reach
    rows, columns = (
        list(_cuts(length - 2 * chain.margin, most, chain.alignment, chain.margin))
        for length, most in zip(plane, side or (None, None), strict=True)
    )
    for top, bottom in rows:
        for left, right in columns:
            seen = Window(
                max(top - before, 0),
                min(bottom + after, plane.height),
                max(left - before, 0),
                min(right + after, plane.width),
            )
            alone = len(rows) == len(columns) == 1 and seen.size == plane
            yield Tile(Window(top, bottom, left, right), seen, alone)


def _cuts(length: int, most: int | None, alignment: int, start: int) -> Iterator[tuple[int, int]]:
    """Ends of pieces of at most `most` pixels and as even as the alignment allows, from `start` on.

    What is less than one multiple of the alignment may belong to no pixel of the deepest map, so it is no piece
    of its own.
    """
    units = max(length // alignment, 1)
    count = 1 if most is None else -(-units // max(most // alignment, 1))
    ends = [start + units * i // count * alignment for i in range(count)] + [start + length]
    yield from pairwise(ends)


def tap_window(chain: Chain, index: int, tile: Tile) -> Window:
    """The pixels of a layer's tap that are the tile's own, counted within what the tile's features are."""
    stride = chain.tap_stride(index)
    top, left = tile.seen.top // stride, tile.seen.left // stride
    return Window(
        tile.own.top // stride - top,
        tile.own.bottom // stride - top,
        tile.own.left // stride - left,
        tile.own.right // stride - left,
    )
