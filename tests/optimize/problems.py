"""Functions with known minima, as evaluations of images."""

from __future__ import annotations

import torch
from torch import Tensor

from barestyle.objective import Evaluation
from barestyle.optimize import Evaluate

START = torch.rand(1, 3, 4, 4, generator=torch.Generator().manual_seed(0))
NO_PLATEAU = {"patience": 10_000, "tolerance": 0.0}
"""Settings of a robust method that runs through all of its steps."""


def rosenbrock(image: Tensor) -> Evaluation:
    """Evaluate Rosenbrock's function over pairs of pixels, scaled so that its minimum is at 1 / 1.5."""
    leaf = image.detach().requires_grad_(True)
    a, b = (leaf * 1.5).flatten().view(2, -1)
    loss = (100 * (b - a**2).square() + (1 - a).square()).mean()
    loss.backward()
    assert leaf.grad is not None
    return Evaluation(loss.detach(), {"style": loss.detach()}, leaf.grad)


def scale_rosenbrock(factor: float) -> Evaluate:
    """Return Rosenbrock's function times a factor."""

    def evaluate(image: Tensor) -> Evaluation:
        evaluation = rosenbrock(image)
        return Evaluation(evaluation.loss * factor, {}, evaluation.gradient * factor)

    return evaluate
