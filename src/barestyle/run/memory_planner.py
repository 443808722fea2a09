"""The memory plans of a run's stages, of one process or of several."""

from __future__ import annotations

from collections.abc import Sequence

from barestyle.distributed import ALONE, agree
from barestyle.hardware import memory
from barestyle.networks import Network, Size
from barestyle.objective import get_guide
from barestyle.optimize import State
from barestyle.run.memory_plan import MemoryPlan, plan_memory
from barestyle.run.precision import StagePrecision, cast_network
from barestyle.run.scaled_inputs import ScaledInputs, find_rows
from barestyle.run.stages import Stage
from barestyle.spec import FeatureContentLoss, Spec


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
