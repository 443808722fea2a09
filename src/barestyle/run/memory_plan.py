"""How a run fits into memory: the size of its tiles, and how many pairs of vectors its optimizer stores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil
from typing import Annotated, NamedTuple

from pydantic import Field, model_validator

from barestyle.distributed import ALONE, agree
from barestyle.errors import DeviceError
from barestyle.hardware import memory
from barestyle.losses import GUIDE_CHANNELS
from barestyle.networks import Network, Size
from barestyle.objective import SMALLEST_TILE, Tiling, estimate_feature_bytes, estimate_overhead_bytes, get_guide
from barestyle.optimize import State
from barestyle.run.precision import StagePrecision, cast_network
from barestyle.run.scaled_inputs import ScaledInputs, find_rows
from barestyle.run.stages import Stage
from barestyle.spec import LBFGS, Adam, FeatureContentLoss, PaperLBFGS, Spec
from barestyle.spec.validation import FrozenModel

WORKING_IMAGES = 11
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


class MemoryPlanner:
    """Memory plans of a run's stages: `plan_stages` before the first stage, `begin_stage` at each.

    `earlier` are the plans of another run's stages, which are used again. `used` has the plan of each stage so far. If
    `inputs` are split among processes, each plans for its own rows, and all store as many pairs of vectors.
    """

    def __init__(
        self,
        spec: Spec,
        network: Network,
        *,
        masks: int,
        limit: int | None,
        earlier: Sequence[MemoryPlan] = (),
        inputs: ScaledInputs | None = None,
    ) -> None:
        self._inputs = inputs
        self._spec = spec
        self._network = network
        self._masks = masks
        self._limit = limit
        self._earlier = tuple(earlier)
        self._planned: dict[tuple[Size, StagePrecision], MemoryPlan] = {}
        self.used: list[MemoryPlan] = []

    def plan_stages(self, stages: Sequence[Stage]) -> None:
        """Plan every stage, and the float32 stages that replace bf16 ones if these become inaccurate.

        Raises DeviceError if a stage does not fit, on any process, before another one has done its work.
        """
        group = ALONE if self._inputs is None else self._inputs.rows.group
        (self._planned,) = agree(group, lambda: self._plan_all(stages))[group.rank : group.rank + 1]
        if group.size > 1:
            histories = group.gather_values([plan.history for plan in self._planned.values()])
            pairs = zip(self._planned.items(), zip(*histories, strict=True), strict=True)
            self._planned = {
                key: plan if plan.history is None else plan.model_copy(update={"history": min(history)})
                for (key, plan), history in pairs
            }

    def _plan_all(self, stages: Sequence[Stage]) -> dict[tuple[Size, StagePrecision], MemoryPlan]:
        planned = {}
        # Measured once: each stage frees what it took, except the history, which its own share has room for.
        in_use = memory.measure_used_memory(self._network.device)
        processes = 1 if self._inputs is None else self._inputs.rows.group.local_size
        budget = memory.compute_memory_budget(self._network.device, self._limit, processes=processes)
        for stage in reversed(stages[len(self._earlier) :]):  # the largest is the last
            precisions: tuple[StagePrecision, ...] = ("float32",) if stage.precision_checked else ()
            for precision in (stage.precision, *precisions):
                planned[stage.size, precision] = self._plan(stage.size, precision, in_use, budget)
        return planned

    def _plan(self, size: Size, precision: StagePrecision, in_use: int, budget: int) -> MemoryPlan:
        content_loss = self._spec.content_loss
        return plan_memory(
            cast_network(self._network, precision),
            self._spec.optimizer,
            self._measure_own(size),
            in_use=in_use,
            budget=budget,
            content_tap=content_loss.layer if isinstance(content_loss, FeatureContentLoss) else None,
            masks=self._masks,
            guides=0 if get_guide(self._spec) is None else max(self._masks, 1),
        )

    def _measure_own(self, size: Size) -> Size:
        """Return the size of what this process computes of an image: its own rows, and those around them."""
        if self._inputs is None or self._inputs.shard is None:
            return size
        rows = find_rows(size, self._inputs.size.height, self._inputs.shard.group)
        if rows is None:
            return size
        before, after = self._network.halo
        return Size(min(rows.bottom - rows.top + before + after, size.height), size.width)

    def begin_stage(self, index: int, stage: Stage, *, warm_pairs: int | None) -> MemoryPlan:
        """Return the plan of the stage with this index, and add it to `used`.

        `warm_pairs` is the history size of the previous stage if this one continues with its pairs.
        """
        plan = self._earlier[index] if index < len(self._earlier) else self._planned[stage.size, stage.precision]
        if warm_pairs is not None and plan.history is not None:
            # Room for more pairs is worth less than the existing pairs.
            plan = plan.model_copy(update={"history": min(warm_pairs, plan.history)})
        self.used.append(plan)
        return plan

    def state(self, used: Sequence[MemoryPlan]) -> State:
        """Return what `load_state` needs; `used` are the plans so far as they are now."""
        return {
            "used": [plan.model_dump() for plan in used],
            "planned": [[size, precision, plan.model_dump()] for (size, precision), plan in self._planned.items()],
        }

    def load_state(self, state: State) -> None:
        """Continue from a state saved during its last stage, which begins again."""
        self._earlier = tuple(MemoryPlan.model_validate(plan) for plan in state["used"])
        self.used = list(self._earlier[:-1])
        self._planned = {
            (Size(*size), precision): MemoryPlan.model_validate(plan) for size, precision, plan in state["planned"]
        }

    def plan_again(self, stages: Sequence[Stage], stage: Stage) -> None:
        """Plan for another number of processes than that of the loaded state, with as many pairs of vectors.

        Args:
            stages: of the run.
            stage: the current one.
        """
        before, current = self._planned, self._earlier[-1]
        self._earlier = ()
        self.plan_stages(stages)
        histories = {key: before.get(key, current) for key in self._planned}
        self._planned = {key: _with_history(plan, histories[key]) for key, plan in self._planned.items()}
        planned = self._planned[stage.size, stage.precision]
        self._earlier = (*self.used, _with_history(planned, current))


def _with_history(plan: MemoryPlan, earlier: MemoryPlan) -> MemoryPlan:
    """Return a plan that stores as many pairs as an earlier one."""
    return plan.model_copy(update={"history": earlier.history})


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
    vector = 3 * 4 * picture.height * picture.width
    fixed = (
        in_use
        + WORKING_IMAGES * vector
        + estimate_overhead_bytes(network, picture)
        + masks * MASK_VECTORS * vector // 3
    )
    options = list(_tiling_options(network, picture, content_tap, guides * GUIDE_CHANNELS))
    history = 0 if isinstance(optimizer, Adam) else optimizer.history_size
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
