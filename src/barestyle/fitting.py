"""How a run fits into memory: its tiles, and how many vectors its optimiser remembers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from barestyle.errors import DeviceError
from barestyle.losses import SMALLEST_TILE, Tiling, features_bytes, overhead_bytes
from barestyle.networks import Network, Size
from barestyle.spec import LBFGS, Adam, PaperLBFGS

VECTORS = {LBFGS: 10, PaperLBFGS: 10, Adam: 10}
"""Images' worth of float32 that an optimiser needs beside its memory, the gradient in the making included."""

FEWEST_PAIRS = 5
"""Of a robust history that is cut to fit: fewer cost evaluations, more would cost features."""

WIDEST = 2048
"""Pixels of a tile's rows: beyond this a band in the cache is but a few rows."""

REMEMBERED = 1 / 3
"""Share of an evaluation that making a tile's features again takes: one of three convolutions by each layer."""


@dataclass(frozen=True)
class Fit:
    """Tiles (`tile` pixels each, None for one tile; `held` in memory at once) and pairs of vectors remembered."""

    tile: Size | None = None
    held: int = 1
    history: int | None = None

    def tiling(self) -> Tiling:
        """What an objective starts with."""
        return Tiling(self.tile, self.held)


def fit(
    network: Network,
    optimiser: LBFGS | PaperLBFGS | Adam,
    picture: Size,
    *,
    in_use: int,
    budget: int,
    content_tap: int | None = None,
) -> Fit:
    """The quickest way to stay within `budget` bytes, `in_use` of which are in use before anything is computed.

    A history that the paper's optimiser is defined with is kept or refused, a robust one is cut to what fits.
    Raises DeviceError where nothing fits, naming the least that would.
    """
    vector = 3 * 4 * picture.height * picture.width
    fixed = in_use + VECTORS[type(optimiser)] * vector + overhead_bytes(network, picture)
    wanted = 0 if isinstance(optimiser, Adam) else optimiser.history
    least = min(wanted, FEWEST_PAIRS) if isinstance(optimiser, LBFGS) else wanted
    found = _quickest(network, picture, content_tap, budget - fixed - 2 * vector * least)
    if found is None and isinstance(optimiser, LBFGS):
        least = 1
        found = _quickest(network, picture, content_tap, budget - fixed - 2 * vector * least)
    if found is None:
        smallest = min(need for _, _, need in _choices(network, picture, content_tap))
        needed = fixed + 2 * vector * least + smallest
        raise DeviceError(
            f"{_size(budget)} of memory are too few for {picture.width} x {picture.height} pixels with this network "
            f"and optimiser, which take {_size(needed)}; allow more with --memory, or choose a smaller --size"
            + (", or fewer optimiser.history" if isinstance(optimiser, PaperLBFGS) else "")
        )
    tile, held, need = found
    pairs = (budget - fixed - need) // (2 * vector)
    return Fit(tile, held, None if isinstance(optimiser, Adam) else min(wanted, max(pairs, least)))


def _quickest(
    network: Network, picture: Size, content_tap: int | None, room: int
) -> tuple[Size | None, int, int] | None:
    """Tile, how many are held, and the bytes that these take, for the fewest computations within `room` bytes."""
    best: tuple[float, tuple[Size | None, int, int]] | None = None
    for tile, seen, need in _choices(network, picture, content_tap):
        count = 1 if tile is None else ceil(picture.height / tile.height) * ceil(picture.width / tile.width)
        held = min(count, room // need) if need else count
        if held < 1 or need > room:
            continue
        again = seen * count / (picture.height * picture.width) * (1 + REMEMBERED * (count - held) / count)
        if best is None or again < best[0]:
            best = again, (tile, held, held * need)
    return None if best is None else best[1]


def _choices(network: Network, picture: Size, content_tap: int | None) -> Iterator[tuple[Size | None, int, int]]:
    """Ways to cut a picture: a tile's size, the pixels that it sees, and the bytes of its features; whole first."""
    whole = features_bytes(network, picture, None, content_tap)
    yield None, picture.height * picture.width, whole
    if not whole:
        return
    for columns in _counts(picture.width, start=ceil(picture.width / WIDEST)):
        for rows in _counts(picture.height, start=1):
            if rows * columns > 1:
                tile = Size(ceil(picture.height / rows), ceil(picture.width / columns))
                yield tile, _seen(network, picture, tile), features_bytes(network, picture, tile, content_tap)


def _counts(length: int, *, start: int) -> range:
    return range(start, max(length // SMALLEST_TILE, start) + 1)


def _seen(network: Network, picture: Size, tile: Size) -> int:
    before, after = network.reach
    return min(tile.height + before + after, picture.height) * min(tile.width + before + after, picture.width)


def _size(count: int) -> str:
    """'1.5 GiB' or '300 MiB'."""
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{ceil(count / 2**20)} MiB"
