"""The objective as the robust methods minimize it: divided by its value at the start, with a penalty on the range."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import torch
from torch import Tensor

from barestyle.optimize.inner_product import WHOLE, InnerProduct
from barestyle.optimize.iterate import Evaluate, ExplosionError, Scalars, read_scalars
from barestyle.optimize.resumable import State

CHUNK = 16_000_000
"""Values of a large image whose excess is computed at the same time, to save memory."""


@dataclass(frozen=True)
class ScaledEvaluation:
    """The scaled value (1 at a start inside 0..1), its flat gradient, and the numbers of the unscaled evaluation."""

    value: float
    gradient: Tensor
    scalars: Scalars

    def state(self) -> State:
        """Return tensors and numbers for `from_state`."""
        return {"value": self.value, "gradient": self.gradient, "scalars": asdict(self.scalars)}

    @classmethod
    def from_state(cls, state: State, device: torch.device) -> ScaledEvaluation:
        """Return the evaluation of a state, with its gradient on a device."""
        return cls(state["value"], state["gradient"].to(device), Scalars(**state["scalars"]))


class ScaledObjective:
    """loss / loss(start) + range_penalty · mean(excess²), where excess is how far a pixel is outside 0..1.

    If `scale` is given, the loss is multiplied by it instead. Of each evaluation only the scaled gradient is kept, as
    the vectors of a large image fill the memory. Raises ExplosionError if the loss of the start is not finite.
    """

    def __init__(
        self, evaluate: Evaluate, range_penalty: float, scale: float | None = None, inner: InnerProduct = WHOLE
    ) -> None:
        self._inner = inner
        self._evaluate = evaluate
        self._penalty = range_penalty
        self._scale = scale
        self._numel: int | None = None
        self.evaluations = 0

    @property
    def scale(self) -> float:
        """The factor of the loss; it is known after the first evaluation."""
        assert self._scale is not None
        return self._scale

    def evaluate(self, image: Tensor) -> ScaledEvaluation:
        """Evaluate an image (1, 3, H, W), whose values may be outside 0..1."""
        evaluation = self._evaluate(image)
        self.evaluations += 1
        scalars = read_scalars(evaluation, self._inner)
        if self.evaluations == 1 and (
            # Not the norm, which overflows long before the gradient does.
            not math.isfinite(scalars.loss) or not self._inner.is_finite(evaluation.gradient)
        ):
            raise ExplosionError(None)
        if self._scale is None:
            # A start with loss 0 is a solution; its gradient is zero at every scale.
            self._scale = 1.0 / scalars.loss if scalars.loss > 0 else 1.0
        gradient = evaluation.gradient.flatten().mul_(self._scale)
        count = self._count(gradient)
        squares = gradient.new_zeros(())
        for values, slope in zip(torch.split(image.flatten(), CHUNK), torch.split(gradient, CHUNK), strict=True):
            excess = values.clamp(0, 1).sub_(values).neg_()
            squares = squares + excess.dot(excess)
            slope.add_(excess, alpha=2 * self._penalty / count)
        mean_square = float(self._inner.sum(squares)) / count
        return ScaledEvaluation(scalars.loss * self._scale + self._penalty * mean_square, gradient, scalars)

    def _count(self, vector: Tensor) -> int:
        """Return the number of values of the whole image."""
        if self._numel is None:
            self._numel = self._inner.count(vector)
        return self._numel
