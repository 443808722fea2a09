"""How a run fits into memory: the size of its tiles, and how many pairs of vectors its optimizer stores."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Annotated, NamedTuple

from pydantic import Field, model_validator

from barestyle.errors import DeviceError
from barestyle.losses import GUIDE_CHANNELS
from barestyle.networks import Network, Size
from barestyle.objective import SMALLEST_TILE, Tiling, estimate_feature_bytes, estimate_overhead_bytes
from barestyle.spec import LBFGS, Adam, PaperLBFGS
from barestyle.spec.validation import FrozenModel

WORKING_IMAGES = 9
"""Images' worth of float32 that an optimizer needs besides its history, the new gradient included."""

FEW_PAIRS_COST = 0.4
"""A robust history of n pairs takes about 1 + this / n times the evaluations of a long one: a rule of thumb."""

MASK_VECTORS = 3
"""Masks' worth of float32 that one mask takes: at the picture's size, and at the taps' resolutions."""

WIDEST_TILE = 2048
"""Pixels in a tile's row: in a wider tile a band that fits the cache has only a few rows."""

RECOMPUTE_COST = 1 / 3
"""Share of an evaluation that computing a tile's features again takes: one of three convolutions per layer."""

_Count = Annotated[int, Field(ge=1)]


class MemoryPlan(FrozenModel):
    """Memory use of one stage: part of a record and of a checkpoint, so that sums are repeated over the same tiles.

    Attributes:
        tile_height: pixels of a tile; None, with `tile_width`, if the picture is one tile.
        tile_width: see `tile_height`.
        resident_tiles: tiles whose features are in memory at the same time.
        history: pairs of vectors that L-BFGS stores; None for other optimizers.
    """

    tile_height: _Count | None = None
    tile_width: _Count | None = None
    resident_tiles: _Count = 1
    history: _Count | None = None

    @model_validator(mode="after")
    def _has_both_sides_or_none(self) -> MemoryPlan:
        if (self.tile_height is None) != (self.tile_width is None):
            raise ValueError("tile_height and tile_width must both be numbers, or both be null")
        return self

    @property
    def tile(self) -> Size | None:
        """Size of a tile in pixels; None if the picture is one tile."""
        if self.tile_height is None or self.tile_width is None:
            return None
        return Size(self.tile_height, self.tile_width)

    def to_tiling(self) -> Tiling:
        """Return the tiling that an objective starts with."""
        return Tiling(self.tile, self.resident_tiles)

    def with_tiling(self, tiling: Tiling) -> MemoryPlan:
        """Return the same plan with an objective's tiling, which shrinks if memory runs out."""
        height, width = tiling.tile_size or (None, None)
        return MemoryPlan(
            tile_height=height, tile_width=width, resident_tiles=tiling.resident_tiles, history=self.history
        )

    def to_half_tiling(self, picture: Size) -> Tiling:
        """Return tiles of half the height, which take as much memory in float32 as whole ones do in bfloat16."""
        height, width = self.tile or picture
        return Tiling(Size(-(-height // 2), width), self.resident_tiles)


def plan_memory(
    network: Network,
    optimizer: LBFGS | PaperLBFGS | Adam,
    picture: Size,
    *,
    in_use: int,
    budget: int,
    content_tap: int | None = None,
    masks: int = 0,
    guides: int = 0,
) -> MemoryPlan:
    """Return the fastest plan that stays within `budget` bytes.

    The history of the paper's optimizer is part of its definition and is never shortened; a robust history is cut to
    what fits.

    Args:
        in_use: bytes in use before anything is computed; they count towards the budget.
        content_tap: layer of the content loss, if that is computed from features.
        masks: number of regions that have a mask.
        guides: number of regions that have a guide.

    Raises:
        DeviceError: nothing fits; the message has the least memory that would.
    """
    vector = _vector_bytes(picture)
    fixed = in_use + _fixed_bytes(network, picture, masks)
    history = 0 if isinstance(optimizer, Adam) else optimizer.history_size
    whole = estimate_feature_bytes(network, picture, None, content_tap, guides * GUIDE_CHANNELS)
    if fixed + 2 * vector * history + whole <= budget:  # nothing is faster
        return MemoryPlan(history=history or None)
    options = list(_tiling_options(network, picture, content_tap, guides * GUIDE_CHANNELS))
    candidates: list[tuple[float, TilingOption, int, int]] = []
    for pairs in range(1, history + 1) if isinstance(optimizer, LBFGS) else (history,):
        room = budget - fixed - 2 * vector * pairs
        cost = 1 + FEW_PAIRS_COST / pairs if isinstance(optimizer, LBFGS) else 1.0
        candidates += [
            (cost * option.cost(resident), option, resident, pairs)
            for option in options
            if (resident := option.count_resident(room))
        ]
    if candidates:
        _, option, resident, pairs = min(candidates, key=lambda candidate: candidate[0])
        height, width = option.tile or (None, None)
        return MemoryPlan(tile_height=height, tile_width=width, resident_tiles=resident, history=pairs or None)
    least_pairs = 1 if isinstance(optimizer, LBFGS) else history
    least = fixed + 2 * vector * least_pairs + min(option.tile_bytes for option in options)
    raise DeviceError(
        f"{_format_bytes(budget)} of memory is not enough for {picture.width} x {picture.height} pixels with this "
        f"network and optimizer, which need at least {_format_bytes(least)}; allow more with --memory, or choose a "
        "smaller --size" + (", or a shorter optimizer.history_size" if isinstance(optimizer, PaperLBFGS) else "")
    )


def relative_cost(network: Network, picture: Size, plan: MemoryPlan) -> float:
    """Return the cost of an evaluation with the tiles of a plan, relative to that of the whole picture as one tile."""
    if plan.tile is None:
        return 1.0
    rows, columns = ceil(picture.height / plan.tile.height), ceil(picture.width / plan.tile.width)
    computed_pictures = rows * columns * _pixels_with_halo(network, picture, plan.tile)
    option = TilingOption(plan.tile, rows * columns, 0, computed_pictures / (picture.height * picture.width))
    return option.cost(min(plan.resident_tiles, rows * columns))


def estimate_bytes(
    network: Network,
    picture: Size,
    plan: MemoryPlan,
    *,
    content_tap: int | None = None,
    masks: int = 0,
    guides: int = 0,
) -> int:
    """Return the bytes that a stage takes besides what is in use before it; see `plan_memory` for the arguments."""
    tile_bytes = estimate_feature_bytes(network, picture, plan.tile, content_tap, guides * GUIDE_CHANNELS)
    history = 2 * _vector_bytes(picture) * (plan.history or 0)
    return _fixed_bytes(network, picture, masks) + history + plan.resident_tiles * tile_bytes


def _vector_bytes(picture: Size) -> int:
    """Return the bytes of an image in float32."""
    return 3 * 4 * picture.height * picture.width


def _fixed_bytes(network: Network, picture: Size, masks: int) -> int:
    """Return the bytes that a stage takes however it is tiled, without the optimizer's history."""
    vector = _vector_bytes(picture)
    return WORKING_IMAGES * vector + estimate_overhead_bytes(network, picture) + masks * MASK_VECTORS * vector // 3


class TilingOption(NamedTuple):
    """A possible tiling: a tile's size (None: the whole picture), how many tiles there are, bytes of a tile's features,
    and how many pictures' worth of pixels all tiles compute together, their halos included.
    """

    tile: Size | None
    tiles: int
    tile_bytes: int
    computed_pictures: float

    def count_resident(self, room: int) -> int:
        """Return how many tiles' features fit into this many bytes."""
        if room < self.tile_bytes:
            return 0
        return min(self.tiles, room // self.tile_bytes) if self.tile_bytes else self.tiles

    def cost(self, resident: int) -> float:
        """Return the cost of an evaluation, relative to that of the whole picture as one tile."""
        return self.computed_pictures * (1 + RECOMPUTE_COST * (self.tiles - resident) / self.tiles)


def _tiling_options(
    network: Network, picture: Size, content_tap: int | None, guide_channels: int
) -> Iterator[TilingOption]:
    """Yield every tiling worth considering, the whole picture first."""
    whole = estimate_feature_bytes(network, picture, None, content_tap, guide_channels)
    yield TilingOption(None, 1, whole, 1.0)
    if not whole:
        return
    for columns in _tile_counts(picture.width, start=ceil(picture.width / WIDEST_TILE)):
        for rows in _tile_counts(picture.height, start=1):
            if rows * columns > 1:
                tile = Size(ceil(picture.height / rows), ceil(picture.width / columns))
                pixels = rows * columns * _pixels_with_halo(network, picture, tile)
                computed_pictures = pixels / (picture.height * picture.width)
                tile_bytes = estimate_feature_bytes(network, picture, tile, content_tap, guide_channels)
                yield TilingOption(tile, rows * columns, tile_bytes, computed_pictures)


def _tile_counts(length: int, *, start: int) -> range:
    return range(start, max(length // SMALLEST_TILE, start) + 1)


def _pixels_with_halo(network: Network, picture: Size, tile: Size) -> int:
    before, after = network.halo
    plane = network.plane_sizes(picture)[0]
    return min(tile.height + before + after, plane.height) * min(tile.width + before + after, plane.width)


def _format_bytes(count: int) -> str:
    """Return '1.5 GiB' or '300 MiB'."""
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{ceil(count / 2**20)} MiB"
