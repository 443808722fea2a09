"""How a run fits into memory: its tiles, and how many vectors its optimizer remembers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

from barestyle.errors import DeviceError
from barestyle.networks import Network, Size
from barestyle.objective import SMALLEST_TILE, Tiling, estimate_feature_bytes, estimate_overhead_bytes
from barestyle.spec import LBFGS, Adam, PaperLBFGS

WORKING_IMAGES = 11
"""Images' worth of float32 that an optimizer needs beside its memory, the gradient in the making included."""

FEW_PAIRS_COST = 0.4
"""A robust history of n pairs takes about 1 + this / n times the evaluations of a long one: a rule of thumb."""

MASK_VECTORS = 3
"""Masks' worth of float32 that one mask takes: at the picture's size, and at the taps' resolutions."""

WIDEST = 2048
"""Pixels of a tile's rows: beyond this a band in the cache is but a few rows."""

RECOMPUTE_COST = 1 / 3
"""Share of an evaluation that making a tile's features again takes: one of three convolutions by each layer."""


@dataclass(frozen=True)
class MemoryPlan:
    """Tiles (`tile` pixels each, None for one tile; `held` in memory at once) and pairs of vectors remembered."""

    tile: Size | None = None
    held: int = 1
    history: int | None = None

    def tiling(self) -> Tiling:
        """What an objective starts with."""
        return Tiling(self.tile, self.held)


def fit(
    network: Network,
    optimizer: LBFGS | PaperLBFGS | Adam,
    picture: Size,
    *,
    in_use: int,
    budget: int,
    content_tap: int | None = None,
    masks: int = 0,
) -> MemoryPlan:
    """The quickest way to stay within `budget` bytes, `in_use` of which are in use before anything is computed.

    A history that the paper's optimizer is defined with is kept or refused, a robust one is cut to what fits. `masks`
    is how many regions have one. Raises DeviceError where nothing fits, naming the least that would.
    """
    vector = 3 * 4 * picture.height * picture.width
    fixed = (
        in_use
        + WORKING_IMAGES * vector
        + estimate_overhead_bytes(network, picture)
        + masks * MASK_VECTORS * vector // 3
    )
    ways = list(_ways(network, picture, content_tap))
    wanted = 0 if isinstance(optimizer, Adam) else optimizer.history
    found: list[tuple[float, MemoryPlan]] = []
    for pairs in range(1, wanted + 1) if isinstance(optimizer, LBFGS) else (wanted,):
        room = budget - fixed - 2 * vector * pairs
        cost = 1 + FEW_PAIRS_COST / pairs if isinstance(optimizer, LBFGS) else 1.0
        found += [
            (cost * way.computed(held), MemoryPlan(way.tile, held, pairs or None))
            for way in ways
            if (held := way.held(room))
        ]
    if found:
        return min(found, key=lambda one: one[0])[1]
    least = fixed + 2 * vector * (1 if isinstance(optimizer, LBFGS) else wanted) + min(way.need for way in ways)
    raise DeviceError(
        f"{_size(budget)} of memory are too few for {picture.width} x {picture.height} pixels with this network and "
        f"optimizer, which take {_size(least)}; allow more with --memory, or choose a smaller --size"
        + (", or a shorter optimizer.history" if isinstance(optimizer, PaperLBFGS) else "")
    )


class _Way(NamedTuple):
    """A way to cut a picture: a tile's size, how many there are, the bytes of one's features, and how many pictures
    all tiles see together.
    """

    tile: Size | None
    pieces: int
    need: int
    seen: float

    def held(self, room: int) -> int:
        """How many tiles' features fit into so many bytes."""
        if room < self.need:
            return 0
        return min(self.pieces, room // self.need) if self.need else self.pieces

    def computed(self, held: int) -> float:
        """Computations of an evaluation, in evaluations of the whole picture at once."""
        return self.seen * (1 + RECOMPUTE_COST * (self.pieces - held) / self.pieces)


def _ways(network: Network, picture: Size, content_tap: int | None) -> Iterator[_Way]:
    """Every way to cut a picture that is worth a look; whole first."""
    whole = estimate_feature_bytes(network, picture, None, content_tap)
    yield _Way(None, 1, whole, 1.0)
    if not whole:
        return
    for columns in _counts(picture.width, start=ceil(picture.width / WIDEST)):
        for rows in _counts(picture.height, start=1):
            if rows * columns > 1:
                tile = Size(ceil(picture.height / rows), ceil(picture.width / columns))
                seen = rows * columns * _seen(network, picture, tile) / (picture.height * picture.width)
                yield _Way(tile, rows * columns, estimate_feature_bytes(network, picture, tile, content_tap), seen)


def _counts(length: int, *, start: int) -> range:
    return range(start, max(length // SMALLEST_TILE, start) + 1)


def _seen(network: Network, picture: Size, tile: Size) -> int:
    before, after = network.halo
    plane = network.plane_sizes(picture)[0]
    return min(tile.height + before + after, plane.height) * min(tile.width + before + after, plane.width)


def _size(count: int) -> str:
    """'1.5 GiB' or '300 MiB'."""
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{ceil(count / 2**20)} MiB"
