"""The best iterate so far, and the one to show: what every layer around a method passes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from barestyle.optimize.iterate import Iterate
from barestyle.optimize.resumable import State


@dataclass(frozen=True)
class BestSoFar:
    """The iterate of the lowest loss so far, and the selected one, which is the result if the method ends now.

    A robust method selects its best iterate, the paper's its last one.
    """

    best: Iterate
    selected: Iterate

    @classmethod
    def update(cls, previous: BestSoFar | None, iterate: Iterate, *, select_best: bool) -> BestSoFar:
        """Return the pair after another iterate; `previous` is None at the first one."""
        best = iterate if previous is None or iterate.loss < previous.best.loss else previous.best
        return cls(best, best if select_best else iterate)

    def map(self, function: Callable[[Iterate], Iterate]) -> BestSoFar:
        """Return the pair with a function applied to both; if they are the same iterate, it is applied once."""
        selected = function(self.selected)
        return BestSoFar(selected if self.best is self.selected else function(self.best), selected)

    def state(self) -> State:
        """Return tensors and numbers for `from_state`; an iterate that is both is stored once."""
        return {
            "best": self.best.state(),
            "selected": None if self.selected is self.best else self.selected.state(),
        }

    @classmethod
    def from_state(cls, state: State, device: torch.device) -> BestSoFar:
        """Return the pair of a state, with its images on a device."""
        best = Iterate.from_state(state["best"], device)
        selected = best if state["selected"] is None else Iterate.from_state(state["selected"], device)
        return cls(best, selected)
