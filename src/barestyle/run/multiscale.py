"""Minimization over several stages: each scale and precision continues from the image of the previous one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from torch import Tensor

from barestyle.distributed import RowShard
from barestyle.hardware.memory import trim_heap
from barestyle.hardware.threads import use_threads
from barestyle.losses import GuideMaps
from barestyle.networks import Network, Size
from barestyle.objective import Objective, build_objective, build_region_guide_maps
from barestyle.optimize import BestSoFar, EnlargedIterate, InnerProduct, Iterate, Minimizer, State, WarmStart
from barestyle.run.led_minimizer import LedMinimizer, count_threads
from barestyle.run.memory_plan import MemoryPlan
from barestyle.run.memory_planner import MemoryPlanner
from barestyle.run.precision import cast_network, is_accurate, is_check_due
from barestyle.run.scaled_inputs import ScaledInputs, find_rows, protect_pixels, upsample_change
from barestyle.run.stages import Stage, reassign_steps
from barestyle.spec import LBFGS, Adam, PaperLBFGS, Spec
from barestyle.stop_reasons import StopReason, explain


@dataclass
class StageCursor:
    """Position in the stages of a run.

    Attributes:
        remaining: the stages after the current one.
        index: number of the current stage, from 0.
        finished_steps: steps of the stages before it.
        finished_evaluations: evaluations of the stages before it.
        evaluations: evaluations of the current stage.
        ended_at: step at which the current stage ends early; None otherwise.
        checked: whether the run has checked bfloat16's accuracy.
    """

    remaining: list[Stage]
    index: int = 0
    finished_steps: int = 0
    finished_evaluations: int = 0
    evaluations: int = 0
    ended_at: int | None = None
    checked: bool = False

    def state(self) -> State:
        """Return JSON values for `from_state`."""
        return {**vars(self), "remaining": [stage._asdict() for stage in self.remaining]}

    @classmethod
    def from_state(cls, state: State) -> StageCursor:
        """Return the cursor of a state."""
        return cls(**{**state, "remaining": [_stage_from_state(stage) for stage in state["remaining"]]})


def _stage_from_state(state: State) -> Stage:
    return Stage(**{**state, "size": Size(*state["size"])})


def start_at_content(inputs: ScaledInputs) -> Tensor:
    """Return the content image, the start of most runs."""
    return inputs.content


class MultiscaleMinimizer:
    """The stages of one attempt as one minimizer: iterate over it, and read `best_so_far` and `ending` at any time.

    Iterates of small scales are enlarged to the size of the result: the base with the change made so far. `best_so_far`
    is of the current stage, because losses at different sizes cannot be compared.

    Args:
        start: returns the first image, given the inputs at the size of the first stage.
        memory_limit: bytes that the process may use; None for most of what is free.
        memory_plans: plans of an earlier run's stages, to be used again.
    """

    def __init__(
        self,
        spec: Spec,
        stages: list[Stage],
        network: Network,
        inputs: ScaledInputs,
        *,
        start: Callable[[ScaledInputs], Tensor] = start_at_content,
        memory_limit: int | None = None,
        memory_plans: tuple[MemoryPlan, ...] = (),
    ) -> None:
        self._spec = spec
        self._stages = stages
        self._network = network
        self._inputs = inputs
        self._start = start
        masks = sum(region.mask is not None for region in inputs.regions)
        self._planner = MemoryPlanner(
            spec, network, masks=masks, limit=memory_limit, earlier=memory_plans, inputs=inputs
        )
        self._objective: Objective | None = None
        self._minimizer: Minimizer | LedMinimizer | None = None
        self._guides: tuple[Size, list[GuideMaps] | None] | None = None
        self._cursor = StageCursor(stages[1:])
        self._saved_minimizer: State | None = None
        self.stage = stages[0]
        """The current stage."""
        self.best_so_far: BestSoFar | None = None
        self.ending = explain(StopReason.UNFINISHED)

    @property
    def memory_plans(self) -> tuple[MemoryPlan, ...]:
        """The memory plan of each stage so far, with the tiles that it had in the end."""
        plans = self._planner.used
        if self._objective is None:
            return tuple(plans)
        return (*plans[:-1], plans[-1].with_tiling(self._objective.tiling))

    def state(self) -> State:
        """Return everything that another minimizer of the same run needs to continue after the last iterate."""
        assert self._minimizer is not None
        return {
            "stage": self.stage._asdict(),
            "cursor": self._cursor.state(),
            "ends": None if self._rows is None else list(self._rows.ends),
            "memory": self._planner.state(self.memory_plans),
            "minimizer": self._minimizer.state(),
        }

    @property
    def _rows(self) -> RowShard | None:
        """The parts of the current stage's images, or None if this process has them completely."""
        return find_rows(self.stage.size, self._inputs.size.height, self._inputs.rows.group)

    def resume(self, state: State) -> None:
        """Restore a saved state; iteration continues after the saved iterate."""
        self._saved_minimizer = state["minimizer"]
        self.stage = _stage_from_state(state["stage"])
        self._cursor = StageCursor.from_state(state["cursor"])
        self._planner.load_state(state["memory"])
        if state.get("is_replanned"):
            self._planner.plan_again(self._stages, self.stage)
        inputs = self._inputs.resize(self.stage.size)
        if "best_so_far" in state["minimizer"]:
            saved = BestSoFar.from_state(state["minimizer"]["best_so_far"], self._network.device)
            self.best_so_far = saved.map(lambda iterate: self._enlarge(iterate, inputs))

    def __iter__(self) -> Iterator[Iterate]:
        """Yield every iterate of every stage. Raises what the optimizer raises."""
        cursor = self._cursor
        # 1. Plan the memory of all stages, and make the first image.
        inputs = self._inputs.resize(self.stage.size)
        if self._saved_minimizer is None:
            self._planner.plan_stages(self._stages)
            image = self._start(inputs)
        else:
            image = inputs.content  # for its size: the saved state has the image
        warm_start: WarmStart | None = None
        while True:
            # 2. Minimize the objective of the current stage.
            minimizer, check = self._begin_stage(inputs, image, warm_start)
            if self._saved_minimizer is not None:
                minimizer.resume(self._saved_minimizer)
            self._minimizer, self._saved_minimizer = minimizer, None
            yield from self._iterate_stage(minimizer, check, inputs)
            # 3. Keep its image and its curvature pairs, and free everything else before the next stage.
            assert minimizer.best_so_far is not None
            image = self._unify(minimizer.best_so_far.selected.image, inputs)
            warm_start, self.ending = minimizer.warm_start, minimizer.ending
            self._end_stage()
            del minimizer, check
            if not cursor.remaining:
                return
            # 4. Move on to the next stage: enlarge the image if it is larger.
            previous, self.stage = self.stage, cursor.remaining.pop(0)
            cursor.index, cursor.evaluations, cursor.ended_at = cursor.index + 1, 0, None
            if self.stage.size != previous.size:
                warm_start = None  # pairs of another size; those of another precision are nearly right
            smaller, inputs = inputs, self._inputs.resize(self.stage.size)
            image = upsample_change(image, smaller, inputs)

    def _unify(self, image: Tensor, inputs: ScaledInputs) -> Tensor:
        """Return the first process's image of a stage that it computed alone; all processes have to call this."""
        shard = self._inputs.shard
        if shard is None or inputs.rows.is_split:
            return image
        return shard.group.broadcast(image.clone())

    def _begin_stage(
        self, inputs: ScaledInputs, start: Tensor, warm_start: WarmStart | None
    ) -> tuple[Minimizer | LedMinimizer, Callable[[Tensor], bool]]:
        """Return the current stage's minimizer, and a function: is its gradient at an image still accurate enough?

        If the images are too small to be split among processes, the first one computes both.
        """
        group = self._inputs.rows.group
        if group.size == 1 or inputs.rows.is_split:
            return self._build_minimizer(inputs, start, warm_start)
        if group.rank:
            self._planner.begin_stage(self._cursor.index, self.stage, warm_pairs=None)
            return LedMinimizer(None, group, start), lambda _: bool(group.broadcast_value(None))
        with use_threads(count_threads(group)):
            minimizer, check = self._build_minimizer(inputs, start, warm_start)
        return LedMinimizer(minimizer, group, start), lambda image: bool(group.broadcast_value(check(image)))

    def _build_minimizer(
        self, inputs: ScaledInputs, start: Tensor, warm_start: WarmStart | None
    ) -> tuple[Minimizer, Callable[[Tensor], bool]]:
        trim_heap()  # the plan counts on the memory of the stage before
        stage = self.stage
        pairs = warm_start.history if warm_start is not None else None
        plan = self._planner.begin_stage(self._cursor.index, stage, warm_pairs=None if pairs is None else pairs.size)
        network = cast_network(self._network, stage.precision)
        build = partial(
            build_objective,
            self._spec,
            content=inputs.content,
            style=inputs.regions,
            guides=self._build_guides(inputs),
            shard=inputs.shard,
        )
        inner = InnerProduct(inputs.shard)
        objective = build(network, tiling=plan.to_tiling())
        self._objective = objective
        evaluate = protect_pixels(objective.evaluate, inputs)

        def check(image: Tensor) -> bool:
            gradient = evaluate(image).gradient
            objective.release()
            trim_heap()
            accurate = build(self._network, tiling=plan.to_half_tiling(inputs.size))
            return is_accurate(gradient, protect_pixels(accurate.evaluate, inputs)(image).gradient, inner)

        return Minimizer(evaluate, start, self._adapt_optimizer(plan), warm_start, inner), check

    def _build_guides(self, inputs: ScaledInputs) -> list[GuideMaps] | None:
        """Return the regions' guides at a stage's size; stages of the same size share them."""
        if self._guides is None or self._guides[0] != inputs.size:
            self._guides = (
                inputs.size,
                build_region_guide_maps(self._spec, inputs.content, inputs.regions, inputs.shard),
            )
        return self._guides[1]

    def _adapt_optimizer(self, plan: MemoryPlan) -> LBFGS | PaperLBFGS | Adam:
        """Return the optimizer of the spec with the current stage's steps, and the history that fits into memory."""
        optimizer = self._spec.optimizer
        if isinstance(optimizer, PaperLBFGS):
            return optimizer
        changes = {"steps": self.stage.steps}
        if isinstance(optimizer, LBFGS) and plan.history is not None:
            changes["history_size"] = plan.history
        return optimizer.model_copy(update=changes)

    def _iterate_stage(
        self, minimizer: Minimizer | LedMinimizer, check: Callable[[Tensor], bool], inputs: ScaledInputs
    ) -> Iterator[Iterate]:
        """Yield the current stage's iterates, until it ends or bfloat16 becomes too inaccurate."""
        cursor, stage = self._cursor, self.stage
        iterates = iter(minimizer)
        while cursor.ended_at is None and (iterate := next(iterates, None)) is not None:
            cursor.evaluations = iterate.evaluations
            assert minimizer.best_so_far is not None
            self.best_so_far = minimizer.best_so_far.map(lambda item: self._enlarge(item, inputs))
            is_due = stage.precision_checked and is_check_due(iterate.step, checked=cursor.checked)
            if is_due and iterate.step < stage.steps:
                cursor.checked = True
                cursor.ended_at = None if check(iterate.image) else iterate.step
            yield self._enlarge(iterate, inputs)

    def _end_stage(self) -> None:
        """Count the current stage's work, and free its objective and its minimizer."""
        cursor = self._cursor
        taken = self.stage.steps if cursor.ended_at is None else cursor.ended_at
        if cursor.ended_at is not None:
            cursor.remaining = reassign_steps(self.stage, taken, cursor.remaining)
        cursor.finished_steps += taken
        cursor.finished_evaluations += cursor.evaluations
        self._planner.used = list(self.memory_plans)
        self._objective = self._minimizer = None

    def _enlarge(self, iterate: Iterate, inputs: ScaledInputs) -> Iterate:
        """Return an iterate at the size of the result, with protected pixels, counted from the first stage."""
        cursor, whole = self._cursor, self._inputs
        if inputs is whole and not cursor.finished_steps and whole.keep is None:
            return iterate

        def enlarge(image: Tensor) -> Tensor:
            enlarged = upsample_change(self._unify(image, inputs), inputs, whole)
            return enlarged if whole.keep is None else enlarged.lerp(whole.content, whole.keep)

        step, evaluations = cursor.finished_steps + iterate.step, cursor.finished_evaluations + iterate.evaluations
        return EnlargedIterate(iterate, enlarge, step=step, evaluations=evaluations)
