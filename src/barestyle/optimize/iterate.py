"""The interface of a method: it takes a function and a start, yields iterates, and returns why it ended."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from barestyle.objective import Evaluation
from barestyle.optimize.inner_product import WHOLE, InnerProduct
from barestyle.optimize.resumable import State
from barestyle.stop_reasons import Ending

Evaluate = Callable[[Tensor], Evaluation]
"""An image (1, 3, H, W) to its loss and gradient; the caller may overwrite the gradient."""


@dataclass(frozen=True)
class Scalars:
    """The numbers of an evaluation, on the host: loss, its parts by name, and the gradient's Euclidean norm."""

    loss: float
    parts: dict[str, float]
    gradient_norm: float


@dataclass(frozen=True)
class Iterate:
    """The image after `step` iterations of a method, and its evaluation.

    `image` is (1, 3, H, W), clamped to 0..1. `loss`, `parts` and `gradient_norm` (Euclidean) are those of the spec's
    objective, not of what a method minimizes internally, at the image before it was clamped. `evaluations` counts all
    evaluations so far.
    """

    step: int
    image: Tensor = field(repr=False)
    loss: float
    parts: dict[str, float]
    gradient_norm: float
    evaluations: int

    def state(self) -> State:
        """Return tensors and numbers for `from_state`."""
        return dict(vars(self))

    @classmethod
    def from_state(cls, state: State, device: torch.device) -> Iterate:
        """Return the iterate of a state, with its image on a device."""
        return cls(**{**state, "image": state["image"].to(device)})


class EnlargedIterate(Iterate):
    """An iterate of a small scale as part of a whole run; its image is enlarged when it is first read.

    Most images are never read, and at small scales enlarging one takes longer than an evaluation.
    """

    def __init__(self, small: Iterate, enlarge: Callable[[Tensor], Tensor], *, step: int, evaluations: int) -> None:
        numbers = {name: value for name, value in vars(small).items() if name != "image"}
        vars(self).update(numbers, step=step, evaluations=evaluations, _small=small.image, _enlarge=enlarge)

    @cached_property
    def image(self) -> Tensor:
        """The image at the size of the result, (1, 3, H, W) in 0..1."""
        image: Tensor = vars(self)["_enlarge"](vars(self)["_small"])
        return image


Method = Generator[Iterate, None, Ending]
"""Yields the start as step 0 and then every iterate; returns why it ended."""


def read_scalars(evaluation: Evaluation, inner: InnerProduct = WHOLE) -> Scalars:
    """Copy an evaluation's numbers to the host, in one transfer."""
    tensors = [evaluation.loss, *evaluation.parts.values(), inner.norm(evaluation.gradient)]
    loss, *parts, norm = torch.stack([tensor.to(evaluation.gradient) for tensor in tensors]).tolist()
    return Scalars(loss, dict(zip(evaluation.parts, parts, strict=True)), norm)


def make_iterate(step: int, image: Tensor, scalars: Scalars, evaluations: int) -> Iterate:
    """Return the iterate of an image and the numbers of its evaluation."""
    return Iterate(
        step=step,
        image=image.clamp(0, 1),
        loss=scalars.loss,
        parts=scalars.parts,
        gradient_norm=scalars.gradient_norm,
        evaluations=evaluations,
    )


class ExplosionError(ArithmeticError):
    """The loss became infinite or NaN.

    `last_loss` is the last finite loss, or None if the start's is not finite.
    """

    def __init__(self, last_loss: float | None) -> None:
        super().__init__(f"the loss is not finite; the last finite loss was {last_loss}")
        self.last_loss = last_loss
