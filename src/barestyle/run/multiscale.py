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
from barestyle.objective import Objective, Tiling, assemble
from barestyle.optimize import Experience, Iterate, Search, State
from barestyle.run.memory_plan import Fit, fit
from barestyle.run.scaled_inputs import Pictures, carried, content_of, keeping
from barestyle.run.stages import Leg, handed_over
from barestyle.spec import LBFGS, Adam, FeatureContentLoss, PaperLBFGS, Spec

CHECK_EVERY = 20
LEAST_COSINE = 0.5
"""Mixed precision goes over to float32 where, looked at every so many steps, bfloat16's gradient points elsewhere.

It only has to point downhill (docs/performance.md says how far it was off).
"""

DTYPES = {"float32": torch.float32, "bf16": torch.bfloat16}


@dataclass
class _Way:
    """How far a course has come: legs to go, which one is under way, and what those before it took.

    `done` are the evaluations of the leg under way, and `left_at` is its step where it is given up early.
    """

    to_go: list[Leg]
    number: int = -1
    steps: int = 0
    evaluations: int = 0
    done: int = 0
    left_at: int | None = None


class Course:
    """The legs of one attempt as one search: iterate over it, and read `kept`, `best` and `reason` at any time.

    It begins at `start` of the first leg's pictures. Iterates of small scales come at the result's size: the base with
    the change made so far.
    """

    def __init__(
        self,
        spec: Spec,
        legs: list[Leg],
        network: Network,
        pictures: Pictures,
        *,
        start: Callable[[Pictures], Tensor] = content_of,
        asked_memory: int | None = None,
        fits: tuple[Fit, ...] = (),
    ) -> None:
        self._spec = spec
        self._legs = legs
        self._network = network
        self._pictures = pictures
        self._start = start
        self._asked_memory = asked_memory
        self._given_fits = fits
        self._planned: dict[tuple[Size, str], Fit] = {}
        self._fits: list[Fit] = []
        self._objective: Objective | None = None
        self._search: Search | None = None
        self._way = _Way(list(legs))
        self._resumed: State | None = None
        self.leg = legs[0]
        """The part that is under way."""
        self.kept: Iterate | None = None
        self.best: Iterate | None = None
        self.reason = "it was stopped before its end"

    @property
    def fits(self) -> tuple[Fit, ...]:
        """How each leg so far was fitted into memory, as it was in the end."""
        if self._objective is None:
            return tuple(self._fits)
        tiling = self._objective.tiling
        return (*self._fits[:-1], replace(self._fits[-1], tile=tiling.side, held=tiling.held))

    def state(self) -> State:
        """Everything that another course of the same run needs to go on from the iterate that was yielded last."""
        assert self._search is not None
        return {
            "leg": self.leg._asdict(),
            "way": {**vars(self._way), "to_go": [leg._asdict() for leg in self._way.to_go]},
            "fits": [asdict(one) for one in self.fits],
            "planned": [[size, precision, asdict(one)] for (size, precision), one in self._planned.items()],
            "search": self._search.state(),
        }

    def resume(self, state: State) -> None:
        """Go on, when iterated over, behind the iterate after which another course had this state."""
        self._resumed = state["search"]
        self.leg = _leg(state["leg"])
        self._way = _Way(**{**state["way"], "to_go": [_leg(one) for one in state["way"]["to_go"]]})
        self._given_fits = tuple(_fit(one) for one in state["fits"])
        self._fits = list(self._given_fits[:-1])
        self._planned = {(Size(*size), precision): _fit(one) for size, precision, one in state["planned"]}
        here, device = self._pictures.at(self.leg.size), self._network.device
        best, kept = (
            one and Iterate.restored(one, device) for one in (state["search"]["best"], state["search"]["kept"])
        )
        self.best = self._at_full_size(best, here)
        self.kept = self.best if kept is None else self._at_full_size(kept, here)

    def __iter__(self) -> Iterator[Iterate]:
        """Every iterate of every leg. Raises what the optimiser raises."""
        way, experience = self._way, None
        here = self._pictures.at(self.leg.size)
        if self._resumed is None:
            self._plan_fits()
            start = self._start(here)
        else:
            start = here.content  # only its size matters
        while way.to_go or self._resumed is not None:
            if self._resumed is None:
                self.leg = way.to_go.pop(0)
                before, here = here, self._pictures.at(self.leg.size)
                start = carried(start, before.base, here.base, here.size)
                way.number, way.done, way.left_at = way.number + 1, 0, None
            search, check = self._searching(here, start, experience)
            if self._resumed is not None:
                search.resume(self._resumed)
            self._search, self._resumed = search, None
            yield from self._iterates(search, check, here)
            assert search.kept is not None
            start, self.reason = search.kept.image, search.reason
            taken = self.leg.steps if way.left_at is None else way.left_at
            if way.left_at is not None:
                way.to_go = handed_over(self.leg, taken, way.to_go)
            way.steps += taken
            way.evaluations += way.done
            # Another precision is the same function nearly; another size is another one.
            goes_on = way.to_go and way.to_go[0].size == self.leg.size
            experience = search.experience if goes_on else None
            # The next leg begins with an empty house: what is left of this one is the picture and its experience.
            self._fits, self._objective, self._search = list(self.fits), None, None
            del search, check

    def _iterates(self, search: Search, check: Callable[[Tensor], bool], here: Pictures) -> Iterator[Iterate]:
        """Those of the leg under way, until its end or until bfloat16 is no good any more."""
        way, leg = self._way, self.leg
        iterates = iter(search)
        while way.left_at is None and (iterate := next(iterates, None)) is not None:
            way.done = iterate.evaluations
            assert search.kept is not None
            assert search.best is not None
            # What is the same iterate stays one.
            self.kept = self._at_full_size(search.kept, here)
            self.best = self.kept if search.kept is search.best else self._at_full_size(search.best, here)
            is_due = leg.watched and iterate.step % CHECK_EVERY == 0 and iterate.step < leg.steps
            if is_due and not check(iterate.image):
                way.left_at = iterate.step
            yield self._at_full_size(iterate, here)

    def _at_full_size(self, iterate: Iterate, here: Pictures) -> Iterate:
        way, whole = self._way, self._pictures
        image = iterate.image
        if here is not whole:
            image = carried(image, here.base, whole.base, whole.size)
        elif not way.steps and whole.keep is None:
            return iterate
        if whole.keep is not None:
            image = image.lerp(whole.content, whole.keep)
        return replace(
            iterate, image=image, step=way.steps + iterate.step, evaluations=way.evaluations + iterate.evaluations
        )

    def _searching(
        self, here: Pictures, start: Tensor, experience: Experience | None
    ) -> tuple[Search, Callable[[Tensor], bool]]:
        """The search of the leg under way, and whether its gradient is still good enough at an image."""
        leg, number = self.leg, self._way.number
        network = in_precision(self._network, leg.precision)
        fitted = self._given_fits[number] if number < len(self._given_fits) else self._planned[leg.size, leg.precision]
        known = experience.history if experience is not None else None
        if known is not None and fitted.history is not None:
            # Room for more pairs is worth less than the pairs there are.
            fitted = replace(fitted, history=min(known.size, fitted.history))
        objective = assemble(self._spec, network, here.content, here.regions, tiling=fitted.tiling())
        evaluate = keeping(objective.evaluate, here)
        self._fits.append(fitted)
        self._objective = objective
        changes: dict[str, int] = {}
        if not isinstance(self._spec.optimiser, PaperLBFGS):
            changes["steps"] = leg.steps
        if isinstance(self._spec.optimiser, LBFGS) and fitted.history is not None:
            changes["history"] = fitted.history
        optimiser: LBFGS | PaperLBFGS | Adam = self._spec.optimiser.model_copy(update=changes)

        def is_good(image: Tensor) -> bool:
            found = evaluate(image).gradient
            objective.let_go()
            tiling = halved(fitted, leg.size)
            accurate = assemble(self._spec, self._network, here.content, here.regions, tiling=tiling)
            return cosine(found, keeping(accurate.evaluate, here)(image).gradient) >= LEAST_COSINE

        return Search(evaluate, start, optimiser, experience), is_good

    def _plan_fits(self) -> None:
        """How every leg will be fitted into memory, also those in float32 that take over where bfloat16 is left.

        Raises DeviceError where one will not fit, before the others have done their work.
        """
        # Once, as each leg gives back what it took, but for the history that its own share has room for.
        in_use = memory.in_use(self._network.device)
        budget = memory.budget(self._network.device, self._asked_memory)
        for leg in reversed(self._legs[len(self._given_fits) :]):  # the largest is the last
            for precision in (leg.precision, *(("float32",) if leg.watched else ())):
                self._planned[leg.size, precision] = self._fit(leg.size, precision, in_use, budget)

    def _fit(self, size: Size, precision: Literal["float32", "bf16"], in_use: int, budget: int) -> Fit:
        content_loss = self._spec.content_loss
        return fit(
            in_precision(self._network, precision),
            self._spec.optimiser,
            size,
            in_use=in_use,
            budget=budget,
            content_tap=content_loss.tap if isinstance(content_loss, FeatureContentLoss) else None,
            masks=sum(region.mask is not None for region in self._pictures.regions),
        )


def _leg(state: State) -> Leg:
    return Leg(**{**state, "size": Size(*state["size"])})


def _fit(state: State) -> Fit:
    return Fit(**{**state, "tile": None if state["tile"] is None else Size(*state["tile"])})


def in_precision(network: Network, precision: Literal["float32", "bf16"]) -> Network:
    """The network itself, or a copy with its weights and features in another precision."""
    if network.dtype == DTYPES[precision]:
        return network
    return copy.deepcopy(network).to(DTYPES[precision])


def halved(fitted: Fit, size: Size) -> Tiling:
    """Tiles of half the pixels: in float32 they take what the whole ones take in bfloat16."""
    height, width = fitted.tile or size
    return Tiling(Size(-(-height // 2), width), fitted.held)


def cosine(one: Tensor, other: Tensor) -> float:
    """Cosine of the angle between two gradients."""
    # Off the device first, as not every one has float64.
    return float(F.cosine_similarity(one.flatten().cpu().double(), other.flatten().cpu().double(), dim=0))
