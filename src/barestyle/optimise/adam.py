"""Adam (Kingma & Ba 2015, arXiv:1412.6980), as torch has it, on the scale-free problem."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from barestyle.optimise.iterate import Evaluate, Method, found
from barestyle.optimise.scale_free import ScaleFree
from barestyle.spec import Adam


def adam(evaluate: Evaluate, start: Tensor, spec: Adam) -> Method:
    """Yields an iterate an iteration. Raises ExplosionError only where the start itself has no finite loss."""
    problem = ScaleFree(evaluate, start, spec.range_penalty)
    image = start.clone()
    method = torch.optim.Adam([image], lr=spec.learning_rate)
    point = problem.start
    yield found(0, image, point.figures, problem.evaluations)
    for step in range(1, spec.steps + 1):
        image.grad = point.gradient.view_as(image)
        method.step()
        point = problem(image)
        if not math.isfinite(point.value):
            return (
                f"the loss became infinite or NaN at step {step}; the best picture until then is kept, and a smaller "
                "optimiser.learning_rate would go further"
            )
        yield found(step, image, point.figures, problem.evaluations)
    return "all steps were taken"
