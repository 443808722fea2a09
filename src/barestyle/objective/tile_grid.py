"""Cutting a plane into tiles, each with all the pixels around it that its features see."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from barestyle.networks import ConvStack, Size


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

    core: Window
    with_halo: Window
    alone: bool


def tiles(stack: ConvStack, plane: Size, side: Size | None) -> Iterator[Tile]:
    """Tiles of at most `side` pixels each that cover what counts of a plane; one tile where `side` is None.

    A side is rounded down to where every map is cut between its pixels; the last tiles have what is left.
    """
    before, after = stack.halo
    rows, columns = (
        list(_cuts(length - 2 * stack.margin, most, stack.alignment, stack.margin))
        for length, most in zip(plane, side or (None, None), strict=True)
    )
    for top, bottom in rows:
        for left, right in columns:
            with_halo = Window(
                max(top - before, 0),
                min(bottom + after, plane.height),
                max(left - before, 0),
                min(right + after, plane.width),
            )
            alone = len(rows) == len(columns) == 1 and with_halo.size == plane
            yield Tile(Window(top, bottom, left, right), with_halo, alone)


def _cuts(length: int, most: int | None, alignment: int, start: int) -> Iterator[tuple[int, int]]:
    """Ends of pieces of at most `most` pixels and as even as the alignment allows, from `start` on.

    What is less than one multiple of the alignment may belong to no pixel of the deepest map, so it is no piece
    of its own.
    """
    units = max(length // alignment, 1)
    count = 1 if most is None else -(-units // max(most // alignment, 1))
    ends = [start + units * i // count * alignment for i in range(count)] + [start + length]
    yield from pairwise(ends)


def tap_window(stack: ConvStack, index: int, tile: Tile) -> Window:
    """The pixels of a layer's tap that are the tile's own, counted within what the tile's features are."""
    stride = stack.tap_stride(index)
    top, left = tile.with_halo.top // stride, tile.with_halo.left // stride
    return Window(
        tile.core.top // stride - top,
        tile.core.bottom // stride - top,
        tile.core.left // stride - left,
        tile.core.right // stride - left,
    )
