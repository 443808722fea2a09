"""The one loop: any method, what it keeps, and when it has stopped getting anywhere."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from torch import Tensor

from barestyle.optimise.adam import adam
from barestyle.optimise.iterate import Evaluate, Iterate, Method
from barestyle.optimise.lbfgs import Experience, lbfgs
from barestyle.optimise.paper_lbfgs import paper_lbfgs
from barestyle.spec import LBFGS, Adam, PaperLBFGS

METHODS: dict[type, Callable[[Evaluate, Tensor, Any], Method]] = {
    PaperLBFGS: paper_lbfgs,
    Adam: adam,
}


class Search:
    """One run of a method; iterate over it, and read `kept` and `reason` at any time.

    `kept` is the iterate to show: the best one of a robust method, the last one of the paper's. `best` is the one of
    the lowest loss so far, for whoever stops the search. `experience` is what the robust L-BFGS has learned of the
    loss's curvature; given to another search over the same pixels, that one goes on from there.
    """

    def __init__(
        self, evaluate: Evaluate, start: Tensor, spec: PaperLBFGS | LBFGS | Adam, experience: Experience | None = None
    ) -> None:
        self.experience = experience or Experience()
        if isinstance(spec, LBFGS):
            self._method = lbfgs(evaluate, start, spec, self.experience)
        else:
            self._method = METHODS[type(spec)](evaluate, start, spec)
        self._spec = spec
        self.kept: Iterate | None = None
        self.best: Iterate | None = None
        self.reason = "it was stopped before its end"

    def __iter__(self) -> Iterator[Iterate]:
        """Every iterate, until the method ends or stalls. Raises what the method raises."""
        self.reason = yield from self._watched()

    def _watched(self) -> Method:
        robust = not isinstance(self._spec, PaperLBFGS)
        stall = Stall(self._spec) if isinstance(self._spec, LBFGS | Adam) else None
        while True:
            try:
                iterate = next(self._method)
            except StopIteration as end:
                return str(end.value)
            if self.best is None or iterate.loss < self.best.loss:
                self.best = iterate
            self.kept = self.best if robust else iterate
            yield iterate
            if stall is not None and stall.after(self.kept.loss):
                return stall.sentence


class Stall:
    """Notices that the best loss has hardly moved for a while, in proportion to itself."""

    def __init__(self, spec: LBFGS | Adam) -> None:
        self._recent: deque[float] = deque(maxlen=spec.patience + 1)
        self._patience = spec.patience
        self._tolerance = spec.tolerance
        self.sentence = f"the last {spec.patience} iterations improved the loss by less than {spec.tolerance:.2g} of it"

    def after(self, best_loss: float) -> bool:
        """Whether, with this best loss, nothing worth waiting for has happened for `patience` iterations."""
        self._recent.append(best_loss)
        before = self._recent[0]
        return len(self._recent) > self._patience and before - best_loss < self._tolerance * before
