"""The course of one attempt: one search for each scale and precision, each going on from where the last one ended."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from barestyle.hardware import memory
from barestyle.networks import Network, Size
from barestyle.objective import Objective, Tiling, build_objective
from barestyle.optimize import Iterate, Minimizer, State, WarmStart
from barestyle.run.memory_plan import MemoryPlan, fit
from barestyle.run.scaled_inputs import ScaledInputs, content_of, protect_pixels, upsample_change
from barestyle.run.stages import Stage, reassign_steps
from barestyle.spec import LBFGS, Adam, FeatureContentLoss, PaperLBFGS, Spec
from barestyle.stop_reasons import StopReason, explain

CHECK_EVERY = 20
MIN_COSINE = 0.5
"""Mixed precision goes over to float32 where, looked at every so many steps, bfloat16's gradient points elsewhere.

It only has to point downhill (docs/performance.md says how far it was off).
"""

DTYPES = {"float32": torch.float32, "bf16": torch.bfloat16}


@dataclass
class _Way:
    """How far a course has come: legs to go, which one is under way, and what those before it took.

    `done` are the evaluations of the leg under way, and `left_at` is its step where it is given up early.
    """

    to_go: list[Stage]
    number: int = -1
    steps: int = 0
    evaluations: int = 0
    done: int = 0
    left_at: int | None = None


class MultiscaleMinimizer:
    """The legs of one attempt as one search: iterate over it, and read `kept`, `best` and `ending` at any time.

    It begins at `start` of the first leg's pictures. Iterates of small scales come at the result's size: the base with
    the change made so far.
    """

    def __init__(
        self,
        spec: Spec,
        stages: list[Stage],
        network: Network,
        pictures: ScaledInputs,
        *,
        start: Callable[[ScaledInputs], Tensor] = content_of,
        asked_memory: int | None = None,
        memory_plans: tuple[MemoryPlan, ...] = (),
    ) -> None:
        self._spec = spec
        self._stages = stages
        self._network = network
        self._pictures = pictures
        self._start = start
        self._asked_memory = asked_memory
        self._given_fits = memory_plans
        self._planned: dict[tuple[Size, str], MemoryPlan] = {}
        self._fits: list[MemoryPlan] = []
        self._objective: Objective | None = None
        self._search: Minimizer | None = None
        self._way = _Way(list(stages))
        self._resumed: State | None = None
        self.stage = stages[0]
        """The part that is under way."""
        self.kept: Iterate | None = None
        self.best: Iterate | None = None
        self.ending = explain(StopReason.UNFINISHED)

    @property
    def memory_plans(self) -> tuple[MemoryPlan, ...]:
        """How each leg so far was fitted into memory, as it was in the end."""
        if self._objective is None:
            return tuple(self._fits)
        tiling = self._objective.tiling
        return (*self._fits[:-1], replace(self._fits[-1], tile=tiling.tile_size, held=tiling.resident_tiles))

    def state(self) -> State:
        """Everything that another course of the same run needs to go on from the iterate that was yielded last."""
        assert self._search is not None
        return {
            "leg": self.stage._asdict(),
            "way": {**vars(self._way), "to_go": [stage._asdict() for stage in self._way.to_go]},
            "fits": [asdict(one) for one in self.memory_plans],
            "planned": [[size, precision, asdict(one)] for (size, precision), one in self._planned.items()],
            "search": self._search.state(),
        }

    def resume(self, state: State) -> None:
        """Go on, when iterated over, behind the iterate after which another course had this state."""
        self._resumed = state["search"]
        self.stage = _stage_from_state(state["leg"])
        self._way = _Way(**{**state["way"], "to_go": [_stage_from_state(one) for one in state["way"]["to_go"]]})
        self._given_fits = tuple(_fit(one) for one in state["fits"])
        self._fits = list(self._given_fits[:-1])
        self._planned = {(Size(*size), precision): _fit(one) for size, precision, one in state["planned"]}
        here, device = self._pictures.at(self.stage.size), self._network.device
        best, kept = (
            one and Iterate.from_state(one, device) for one in (state["search"]["best"], state["search"]["kept"])
        )
        self.best = self._at_full_size(best, here)
        self.kept = self.best if kept is None else self._at_full_size(kept, here)

    def __iter__(self) -> Iterator[Iterate]:
        """Every iterate of every leg. Raises what the optimizer raises."""
        way, warm_start = self._way, None
        here = self._pictures.at(self.stage.size)
        if self._resumed is None:
            self._plan_fits()
            start = self._start(here)
        else:
            start = here.content  # only its size matters
        while way.to_go or self._resumed is not None:
            if self._resumed is None:
                self.stage = way.to_go.pop(0)
                before, here = here, self._pictures.at(self.stage.size)
                start = upsample_change(start, before.base, here.base, here.size)
                way.number, way.done, way.left_at = way.number + 1, 0, None
            search, check = self._searching(here, start, warm_start)
            if self._resumed is not None:
                search.resume(self._resumed)
            self._search, self._resumed = search, None
            yield from self._iterates(search, check, here)
            assert search.kept is not None
            start, self.ending = search.kept.image, search.ending
            taken = self.stage.steps if way.left_at is None else way.left_at
            if way.left_at is not None:
                way.to_go = reassign_steps(self.stage, taken, way.to_go)
            way.steps += taken
            way.evaluations += way.done
            # Another precision is the same function nearly; another size is another one.
            goes_on = way.to_go and way.to_go[0].size == self.stage.size
            warm_start = search.warm_start if goes_on else None
            # The next leg begins with an empty house: what is left of this one is the picture and its experience.
            self._fits, self._objective, self._search = list(self.memory_plans), None, None
            del search, check

    def _iterates(self, search: Minimizer, check: Callable[[Tensor], bool], here: ScaledInputs) -> Iterator[Iterate]:
        """Those of the leg under way, until its end or until bfloat16 is no good any more."""
        way, stage = self._way, self.stage
        iterates = iter(search)
        while way.left_at is None and (iterate := next(iterates, None)) is not None:
            way.done = iterate.evaluations
            assert search.kept is not None
            assert search.best is not None
            # What is the same iterate stays one.
            self.kept = self._at_full_size(search.kept, here)
            self.best = self.kept if search.kept is search.best else self._at_full_size(search.best, here)
            is_due = stage.precision_checked and iterate.step % CHECK_EVERY == 0 and iterate.step < stage.steps
            if is_due and not check(iterate.image):
                way.left_at = iterate.step
            yield self._at_full_size(iterate, here)

    def _at_full_size(self, iterate: Iterate, here: ScaledInputs) -> Iterate:
        way, whole = self._way, self._pictures
        image = iterate.image
        if here is not whole:
            image = upsample_change(image, here.base, whole.base, whole.size)
        elif not way.steps and whole.keep is None:
            return iterate
        if whole.keep is not None:
            image = image.lerp(whole.content, whole.keep)
        return replace(
            iterate, image=image, step=way.steps + iterate.step, evaluations=way.evaluations + iterate.evaluations
        )

    def _searching(
        self, here: ScaledInputs, start: Tensor, warm_start: WarmStart | None
    ) -> tuple[Minimizer, Callable[[Tensor], bool]]:
        """The search of the leg under way, and whether its gradient is still good enough at an image."""
        stage, number = self.stage, self._way.number
        network = in_precision(self._network, stage.precision)
        fitted = (
            self._given_fits[number] if number < len(self._given_fits) else self._planned[stage.size, stage.precision]
        )
        known = warm_start.history if warm_start is not None else None
        if known is not None and fitted.history is not None:
            # Room for more pairs is worth less than the pairs there are.
            fitted = replace(fitted, history=min(known.size, fitted.history))
        objective = build_objective(self._spec, network, here.content, here.regions, tiling=fitted.tiling())
        evaluate = protect_pixels(objective.evaluate, here)
        self._fits.append(fitted)
        self._objective = objective
        changes: dict[str, int] = {}
        if not isinstance(self._spec.optimizer, PaperLBFGS):
            changes["steps"] = stage.steps
        if isinstance(self._spec.optimizer, LBFGS) and fitted.history is not None:
            changes["history"] = fitted.history
        optimizer: LBFGS | PaperLBFGS | Adam = self._spec.optimizer.model_copy(update=changes)

        def is_good(image: Tensor) -> bool:
            found = evaluate(image).gradient
            objective.release()
            tiling = halved(fitted, stage.size)
            accurate = build_objective(self._spec, self._network, here.content, here.regions, tiling=tiling)
            return cosine(found, protect_pixels(accurate.evaluate, here)(image).gradient) >= MIN_COSINE

        return Minimizer(evaluate, start, optimizer, warm_start), is_good

    def _plan_fits(self) -> None:
        """How every leg will be fitted into memory, also those in float32 that take over where bfloat16 is left.

        Raises DeviceError where one will not fit, before the others have done their work.
        """
        # Once, as each leg gives back what it took, but for the history that its own share has room for.
        in_use = memory.measure_used_memory(self._network.device)
        budget = memory.compute_memory_budget(self._network.device, self._asked_memory)
        for stage in reversed(self._stages[len(self._given_fits) :]):  # the largest is the last
            for precision in (stage.precision, *(("float32",) if stage.precision_checked else ())):
                self._planned[stage.size, precision] = self._fit(stage.size, precision, in_use, budget)

    def _fit(self, size: Size, precision: Literal["float32", "bf16"], in_use: int, budget: int) -> MemoryPlan:
        content_loss = self._spec.content_loss
        return fit(
            in_precision(self._network, precision),
            self._spec.optimizer,
            size,
            in_use=in_use,
            budget=budget,
            content_tap=content_loss.tap if isinstance(content_loss, FeatureContentLoss) else None,
            masks=sum(region.mask is not None for region in self._pictures.regions),
        )


def _stage_from_state(state: State) -> Stage:
    return Stage(**{**state, "size": Size(*state["size"])})


def _fit(state: State) -> MemoryPlan:
    return MemoryPlan(**{**state, "tile": None if state["tile"] is None else Size(*state["tile"])})


def in_precision(network: Network, precision: Literal["float32", "bf16"]) -> Network:
    """The network itself, or a copy with its weights and features in another precision."""
    if network.dtype == DTYPES[precision]:
        return network
    return copy.deepcopy(network).to(DTYPES[precision])


def halved(fitted: MemoryPlan, size: Size) -> Tiling:
    """Tiles of half the pixels: in float32 they take what the whole ones take in bfloat16."""
    height, width = fitted.tile or size
    return Tiling(Size(-(-height // 2), width), fitted.held)


def cosine(one: Tensor, other: Tensor) -> float:
    """Cosine of the angle between two gradients."""
    # Off the device first, as not every one has float64.
    return float(F.cosine_similarity(one.flatten().cpu().double(), other.flatten().cpu().double(), dim=0))
