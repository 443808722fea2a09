"""What a method shares with its caller: state to resume from, and what it has learned for the next run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from barestyle.optimize.inner_product import WHOLE, InnerProduct
from barestyle.optimize.lbfgs_memory import LBFGSMemory

State = dict[str, Any]
"""Tensors and JSON values, nested: all that is needed to continue as if there had been no stop."""


class WarmStart:
    """What a run of L-BFGS leaves to the next one over the same pixels: its pairs, and the loss scale they refer to."""

    def __init__(self) -> None:
        self.history: LBFGSMemory | None = None
        self.scale: float | None = None

    def state(self) -> State:
        """Return tensors and numbers for `load_state`."""
        return {"history": None if self.history is None else self.history.state(), "scale": self.scale}

    def load_state(self, state: State, device: torch.device, inner: InnerProduct = WHOLE) -> None:
        """Restore a saved state, with its vectors on a device."""
        self.history = None if state["history"] is None else LBFGSMemory.from_state(state["history"], device, inner)
        self.scale = state["scale"]


class SolverContext:
    """The connection between a method and its caller.

    While the method waits at a yield, `state` returns what `saved_state` has to be for another run of the method to
    continue after that yield. Its tensors are the method's own: copy or write them before the method continues.
    `inner` is the inner product of images.
    """

    def __init__(self, warm_start: WarmStart | None = None, inner: InnerProduct = WHOLE) -> None:
        self.inner = inner
        self.warm_start = warm_start or WarmStart()
        self.saved_state: State | None = None
        self.state: Callable[[], State] = dict
