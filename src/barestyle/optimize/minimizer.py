"""The one loop: any method, what it keeps, and when it has stopped getting anywhere."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from torch import Tensor

from barestyle.optimize.adam import adam
from barestyle.optimize.best_so_far import BestSoFar
from barestyle.optimize.iterate import Evaluate, Iterate, Method
from barestyle.optimize.lbfgs import lbfgs
from barestyle.optimize.paper_lbfgs import paper_lbfgs
from barestyle.optimize.resumable import SolverContext, State, WarmStart
from barestyle.spec import LBFGS, Adam, PaperLBFGS
from barestyle.stop_reasons import StopReason, explain

METHODS: dict[type, Callable[[Evaluate, Tensor, Any, SolverContext], Method]] = {
    LBFGS: lbfgs,
    PaperLBFGS: paper_lbfgs,
    Adam: adam,
}


class Minimizer:
    """One run of a method; iterate over it, and read `best_so_far` and `ending` at any time.

    `warm_start` is what the robust L-BFGS has learned about the loss's curvature; another minimizer over the same
    pixels can start with it.
    """

    def __init__(
        self,
        evaluate: Evaluate,
        start: Tensor,
        spec: PaperLBFGS | LBFGS | Adam,
        warm_start: WarmStart | None = None,
    ) -> None:
        self._handle = SolverContext(warm_start)
        self._method = METHODS[type(spec)](evaluate, start, spec, self._handle)
        self._spec = spec
        self._device = start.device
        self._stall = PlateauDetector(spec) if isinstance(spec, LBFGS | Adam) else None
        self.best_so_far: BestSoFar | None = None
        self.ending = explain(StopReason.UNFINISHED)

    @property
    def warm_start(self) -> WarmStart:
        """What the method has learned."""
        return self._handle.warm_start

    def state(self) -> State:
        """Everything that another search needs to go on from the iterate that was yielded last."""
        assert self.best_so_far is not None
        return {
            "method": self._handle.state(),
            "warm_start": self.warm_start.state(),
            "best_so_far": self.best_so_far.state(),
            "recent": [] if self._stall is None else self._stall.recent,
        }

    def resume(self, state: State) -> None:
        """Go on, when iterated over, behind the iterate after which another search of the same terms had this state."""
        self._handle.resumed = state["method"]
        self.best_so_far = BestSoFar.from_state(state["best_so_far"], self._device)
        if self._stall is not None:
            self._stall.load_state(state["recent"])
        # Here and not in the method, which may not be gone on with: the next leg takes over its experience.
        self.warm_start.load_state(state["warm_start"], self._device)

    def __iter__(self) -> Iterator[Iterate]:
        """Every iterate, until the method ends or stalls. Raises what the method raises."""
        self.ending = yield from self._watched()

    def _watched(self) -> Method:
        robust = not isinstance(self._spec, PaperLBFGS)
        stall = self._stall
        while True:
            if stall is not None and stall.reached:
                return stall.ending
            try:
                iterate = next(self._method)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            self.best_so_far = BestSoFar.update(self.best_so_far, iterate, select_best=robust)
            if stall is not None:
                stall.add(self.best_so_far.best.loss)
            yield iterate


class PlateauDetector:
    """Notices that the best loss has hardly moved for a while, in proportion to itself."""

    def __init__(self, spec: LBFGS | Adam) -> None:
        self._recent: deque[float] = deque(maxlen=spec.patience + 1)
        self._patience = spec.patience
        self._tolerance = spec.tolerance
        self.ending = explain(StopReason.PLATEAU, patience=spec.patience, tolerance=spec.tolerance)

    @property
    def recent(self) -> list[float]:
        """The best losses that it compares."""
        return list(self._recent)

    def load_state(self, recent: list[float]) -> None:
        """Go on from the best losses of an earlier search."""
        self._recent.extend(recent)

    def add(self, best_loss: float) -> None:
        """Note the best loss after an iteration."""
        self._recent.append(best_loss)

    @property
    def reached(self) -> bool:
        """Whether nothing worth waiting for has happened for `patience` iterations."""
        if len(self._recent) <= self._patience:
            return False
        before, now = self._recent[0], self._recent[-1]
        return before - now < self._tolerance * before
