"""The problem as the robust methods see it: divided by its value at the start, with a penalty for the range."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from barestyle.losses import Evaluation
from barestyle.optimise.iterate import Evaluate, ExplosionError


@dataclass(frozen=True)
class Point:
    """Scaled value (1 at a start inside 0..1), its flat gradient, and the unscaled evaluation."""

    value: float
    gradient: Tensor
    evaluation: Evaluation


class ScaleFree:
    """loss / loss(start) + range_penalty · mean(excess²), where excess is how far a pixel lies outside 0..1.

    Raises ExplosionError where the loss of the start itself is not finite.
    """

    def __init__(self, evaluate: Evaluate, start: Tensor, range_penalty: float) -> None:
        self._evaluate = evaluate
        self._penalty = range_penalty
        self.evaluations = 1
        first = evaluate(start)
        if not math.isfinite(first.loss) or not bool(first.gradient.isfinite().all()):
            raise ExplosionError(None)
        # A start without any loss is a solution; its gradient is zero at every scale.
        self._scale = 1.0 / float(first.loss) if float(first.loss) > 0 else 1.0
        self.start = self._point(start, first)

    def __call__(self, image: Tensor) -> Point:
        """Evaluate at an image (1, 3, H, W)."""
        self.evaluations += 1
        return self._point(image, self._evaluate(image))

    def _point(self, image: Tensor, evaluation: Evaluation) -> Point:
        excess = image - image.clamp(0, 1)
        value = float(evaluation.loss) * self._scale + self._penalty * float(excess.square().mean())
        gradient = torch.add(evaluation.gradient * self._scale, excess, alpha=2 * self._penalty / excess.numel())
        return Point(value, gradient.flatten(), evaluation)
