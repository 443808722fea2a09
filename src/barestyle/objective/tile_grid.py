"""Cutting a plane into tiles, each with the halo of surrounding pixels that its features depend on."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from torch import Tensor

from barestyle.networks import ConvStack, Size
from barestyle.objective.plane_parts import PlanePart


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

    @property
    def has_rows(self) -> bool:
        """Whether it contains at least one row."""
        return self.top < self.bottom

    def crop(self, maps: Tensor) -> Tensor:
        """Return the window's part of maps (1, c, h, w), a view."""
        return maps[:, :, self.top : self.bottom, self.left : self.right]

    def move_up(self, rows: int) -> Window:
        """Return the window as counted from another row."""
        return Window(self.top - rows, self.bottom - rows, self.left, self.right)

    def clip_to_rows(self, top: int, bottom: int) -> Window:
        """Return the window's part in the rows from `top` to before `bottom`, counted from `top`; it may be empty."""
        return Window(max(self.top, top) - top, min(self.bottom, bottom) - top, self.left, self.right)


class Tile(NamedTuple):
    """A part of a plane: `core` belongs to no other tile; `with_halo` adds the pixels that its features depend on.

    `is_only`: it is the only tile, and `with_halo` is all of the plane that this process has.
    """

    core: Window
    with_halo: Window
    is_only: bool


def cut_tiles(stack: ConvStack, part: PlanePart, tile_size: Size | None) -> Iterator[Tile]:
    """Yield tiles of at most `tile_size` that cover the core of a part of a plane; one tile if `tile_size` is None.

    Sides are rounded down to multiples of the stack's alignment, so that every map is cut between its pixels. The last
    tiles take the rest.
    """
    before, after = stack.halo
    plane, (core_top, core_bottom) = part.size, part.core
    if core_top == core_bottom:
        return
    highest, widest = tile_size or (None, None)
    rows = list(_cut_evenly(core_bottom - core_top, highest, stack.alignment, core_top))
    columns = list(_cut_evenly(plane.width - 2 * stack.margin, widest, stack.alignment, stack.margin))
    for top, bottom in rows:
        for left, right in columns:
            with_halo = Window(
                max(top - before, 0),
                min(bottom + after, plane.height),
                max(left - before, 0),
                min(right + after, plane.width),
            )
            held = part.held[1] - part.held[0], plane.width
            is_only = len(rows) == len(columns) == 1 and with_halo.size == held
            yield Tile(Window(top, bottom, left, right), with_halo, is_only)


def _cut_evenly(length: int, longest: int | None, alignment: int, start: int) -> Iterator[tuple[int, int]]:
    """Yield the ends of pieces of at most `longest` pixels, as even as the alignment allows, from `start` on.

    A rest shorter than the alignment may belong to no pixel of the deepest map, so it is added to the last piece.
    """
    units = max(length // alignment, 1)
    count = 1 if longest is None else -(-units // max(longest // alignment, 1))
    ends = [start + units * i // count * alignment for i in range(count)] + [start + length]
    yield from pairwise(ends)


def scale_halo_to_tap(stack: ConvStack, index: int, tile: Tile) -> Window:
    """Return the tile with its halo at a layer's tap, counted from the corner of the plane's map there."""
    stride = stack.tap_stride(index)
    top, left = tile.with_halo.top // stride, tile.with_halo.left // stride
    size = tile.with_halo.size
    return Window(top, top + size.height // stride, left, left + size.width // stride)


def scale_core_to_tap(stack: ConvStack, index: int, tile: Tile) -> Window:
    """Return the tile's core at a layer's tap, counted from the corner of the tile's map there."""
    stride = stack.tap_stride(index)
    top, left = tile.with_halo.top // stride, tile.with_halo.left // stride
    return Window(
        tile.core.top // stride - top,
        tile.core.bottom // stride - top,
        tile.core.left // stride - left,
        tile.core.right // stride - left,
    )
