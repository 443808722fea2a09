"""What a method shares with whoever runs it: what it has learned, and its state, so that it can be gone on from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from barestyle.optimize.lbfgs_memory import LBFGSMemory

State = dict[str, Any]
"""Tensors and JSON's values, nested: all that a search needs to go on as if it had never stopped."""


class WarmStart:
    """What a search leaves to the next one over the same pixels: its pairs, and the scale of the loss they are of."""

    def __init__(self) -> None:
        self.history: LBFGSMemory | None = None
        self.scale: float | None = None

    def state(self) -> State:
        """Tensors and numbers from which `recall` learns the same."""
        return {"history": None if self.history is None else self.history.state(), "scale": self.scale}

    def load_state(self, state: State, device: torch.device) -> None:
        """Learn what another one's state holds, its vectors on a device."""
        self.history = None if state["history"] is None else LBFGSMemory.from_state(state["history"], device)
        self.scale = state["scale"]


class SolverContext:
    """The two ends of a method.

    `state` gives, while the method waits at a yield, what `resumed` has to be for another one that goes on behind that
    yield; its tensors are the method's own, to be copied or written before it goes on.
    """

    def __init__(self, warm_start: WarmStart | None = None) -> None:
        self.warm_start = warm_start or WarmStart()
        self.resumed: State | None = None
        self.state: Callable[[], State] = dict
