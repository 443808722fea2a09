"""The loop around a method: it tracks the best iterate, and stops at a plateau."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from torch import Tensor

from barestyle.optimize.adam import adam
from barestyle.optimize.best_so_far import BestSoFar
from barestyle.optimize.inner_product import WHOLE, InnerProduct
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
    pixels can start with it. `inner` is the inner product of images, whose rows may be split among processes.
    """

    def __init__(
        self,
        evaluate: Evaluate,
        start: Tensor,
        spec: PaperLBFGS | LBFGS | Adam,
        warm_start: WarmStart | None = None,
        inner: InnerProduct = WHOLE,
    ) -> None:
        self._context = SolverContext(warm_start, inner)
        self._method = METHODS[type(spec)](evaluate, start, spec, self._context)
        self._spec = spec
        self._device = start.device
        self._plateau = PlateauDetector(spec) if isinstance(spec, LBFGS | Adam) else None
        self.best_so_far: BestSoFar | None = None
        self.ending = explain(StopReason.UNFINISHED)

    @property
    def warm_start(self) -> WarmStart:
        """What the method has learned."""
        return self._context.warm_start

    def state(self) -> State:
        """Return all that another minimizer needs to continue after the last iterate."""
        assert self.best_so_far is not None
        return {
            "method": self._context.state(),
            "warm_start": self.warm_start.state(),
            "best_so_far": self.best_so_far.state(),
            "recent": [] if self._plateau is None else self._plateau.recent,
        }

    def resume(self, state: State) -> None:
        """Restore a saved state; iteration continues after the saved iterate.

        The state has to be of a minimizer with the same arguments.
        """
        self._context.saved_state = state["method"]
        self.best_so_far = BestSoFar.from_state(state["best_so_far"], self._device)
        if self._plateau is not None:
            self._plateau.load_state(state["recent"])
        # Not in the method, which may never continue: the next stage begins with this warm start.
        self.warm_start.load_state(state["warm_start"], self._device, self._context.inner)

    def __iter__(self) -> Iterator[Iterate]:
        """Yield every iterate, until the method ends or the loss is at a plateau. Raises what the method raises."""
        self.ending = yield from self._run_method()

    def _run_method(self) -> Method:
        is_robust = not isinstance(self._spec, PaperLBFGS)
        plateau = self._plateau
        while True:
            if plateau is not None and plateau.is_at_plateau:
                return plateau.ending
            try:
                iterate = next(self._method)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            self.best_so_far = BestSoFar.update(self.best_so_far, iterate, select_best=is_robust)
            if plateau is not None:
                plateau.add(self.best_so_far.best.loss)
            yield iterate


class PlateauDetector:
    """Detects that the best loss decreased by less than `tolerance` of itself over the last `patience` iterations."""

    def __init__(self, spec: LBFGS | Adam) -> None:
        self._recent: deque[float] = deque(maxlen=spec.patience + 1)
        self._patience = spec.patience
        self._tolerance = spec.tolerance
        self.ending = explain(StopReason.PLATEAU, patience=spec.patience, percent=100 * spec.tolerance)

    @property
    def recent(self) -> list[float]:
        """The best losses of the last iterations, oldest first."""
        return list(self._recent)

    def load_state(self, recent: list[float]) -> None:
        """Restore the best losses of another detector."""
        self._recent.extend(recent)

    def add(self, best_loss: float) -> None:
        """Add the best loss after an iteration."""
        self._recent.append(best_loss)

    @property
    def is_at_plateau(self) -> bool:
        """Whether the loss is at a plateau; False during the first `patience` iterations."""
        if len(self._recent) <= self._patience:
            return False
        earlier, current = self._recent[0], self._recent[-1]
        return earlier - current < self._tolerance * earlier
