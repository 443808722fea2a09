"""The problem as the robust methods see it: divided by its value at the start, with a penalty for the range."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import torch
from torch import Tensor

from barestyle.optimize.iterate import Evaluate, ExplosionError, Scalars, scalars
from barestyle.optimize.resumable import State


@dataclass(frozen=True)
class ScaledEvaluation:
    """Scaled value (1 at a start inside 0..1), its flat gradient, and the figures of the unscaled evaluation."""

    value: float
    gradient: Tensor
    scalars: Scalars

    def state(self) -> State:
        """Tensors and numbers from which `restored` makes the same point."""
        return {"value": self.value, "gradient": self.gradient, "figures": asdict(self.scalars)}

    @classmethod
    def from_state(cls, state: State, device: torch.device) -> ScaledEvaluation:
        """The point of a state, its gradient on a device."""
        return cls(state["value"], state["gradient"].to(device), Scalars(**state["figures"]))


class ScaledObjective:
    """loss / loss(start) + range_penalty · mean(excess²), where excess is how far a pixel lies outside 0..1.

    With a scale the loss is multiplied by that one instead. Of every evaluation only the scaled gradient is kept, as a
    large picture's vectors are what fills the memory. Raises ExplosionError where the loss of the start itself is not
    finite.
    """

    def __init__(self, evaluate: Evaluate, range_penalty: float, scale: float | None = None) -> None:
        self._evaluate = evaluate
        self._penalty = range_penalty
        self._scale = scale
        self.evaluations = 0

    @property
    def scale(self) -> float:
        """What the loss is multiplied by."""
        assert self._scale is not None
        return self._scale

    def __call__(self, image: Tensor) -> ScaledEvaluation:
        """Evaluate at an image (1, 3, H, W)."""
        evaluation = self._evaluate(image)
        self.evaluations += 1
        seen = scalars(evaluation)
        if self.evaluations == 1 and (
            # Not the norm, which overflows long before the gradient does.
            not math.isfinite(seen.loss) or not bool(evaluation.gradient.isfinite().all())
        ):
            raise ExplosionError(None)
        if self._scale is None:
            # A start without any loss is a solution; its gradient is zero at every scale.
            self._scale = 1.0 / seen.loss if seen.loss > 0 else 1.0
        excess = image.clamp(0, 1).sub_(image).neg_().flatten()
        outside = float(excess.dot(excess)) / excess.numel()
        gradient = evaluation.gradient.flatten().mul_(self._scale)
        gradient.add_(excess, alpha=2 * self._penalty / excess.numel())
        return ScaledEvaluation(seen.loss * self._scale + self._penalty * outside, gradient, seen)
