"""What a method of optimization is: it takes a function and a start, yields iterates, and returns why it ended."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field

import torch
from torch import Tensor

from barestyle.objective import Evaluation
from barestyle.optimize.resumable import State
from barestyle.stop_reasons import Ending

Evaluate = Callable[[Tensor], Evaluation]
"""An image (1, 3, H, W) to its loss and gradient, which is the caller's to overwrite."""


@dataclass(frozen=True)
class Scalars:
    """The numbers of an evaluation, off the device: loss, its parts by name, and the gradient's Euclidean norm."""

    loss: float
    parts: dict[str, float]
    gradient_norm: float


@dataclass(frozen=True)
class Iterate:
    """Where a method stands after `step` of its iterations, and what an evaluation found there.

    `image` is (1, 3, H, W), clamped to 0..1; `loss`, `parts` and `gradient_norm` (Euclidean) are of the
    objective as the spec states it, whatever a method minimizes inside, at the image before it was clamped.
    """

    step: int
    image: Tensor = field(repr=False)
    loss: float
    parts: dict[str, float]
    gradient_norm: float
    evaluations: int

    def state(self) -> State:
        """Tensors and numbers from which `restored` makes the same iterate."""
        return dict(vars(self))

    @classmethod
    def from_state(cls, state: State, device: torch.device) -> Iterate:
        """The iterate of a state, its image on a device."""
        return cls(**{**state, "image": state["image"].to(device)})


Method = Generator[Iterate, None, Ending]
"""Yields the start as step 0 and then every iterate; returns why it ended."""


def scalars(evaluation: Evaluation) -> Scalars:
    """Read an evaluation's numbers from the device, waiting for it once."""
    tensors = [evaluation.loss, *evaluation.parts.values(), evaluation.gradient.norm()]
    loss, *parts, norm = torch.stack([tensor.to(evaluation.gradient) for tensor in tensors]).tolist()
    return Scalars(loss, dict(zip(evaluation.parts, parts, strict=True)), norm)


def found(step: int, image: Tensor, scalars: Scalars, evaluations: int) -> Iterate:
    """The iterate that an evaluation at `image` describes."""
    return Iterate(
        step=step,
        image=image.clamp(0, 1),
        loss=scalars.loss,
        parts=scalars.parts,
        gradient_norm=scalars.gradient_norm,
        evaluations=evaluations,
    )


class ExplosionError(ArithmeticError):
    """The loss became infinite or NaN; carries the last finite loss, None if the loss of the start is not finite."""

    def __init__(self, last_loss: float | None) -> None:
        super().__init__(f"the loss is not finite; the last finite one was {last_loss}")
        self.last_loss = last_loss
