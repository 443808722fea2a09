"""Adam (Kingma & Ba 2015, arXiv:1412.6980), as torch has it, on the scale-free problem."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from barestyle.optimize.iterate import Evaluate, Method, found
from barestyle.optimize.resumable import Handle
from barestyle.optimize.scaled_objective import Point, ScaleFree
from barestyle.spec import Adam


def adam(evaluate: Evaluate, start: Tensor, spec: Adam, handle: Handle) -> Method:
    """Yields an iterate an iteration. Raises ExplosionError only where the start itself has no finite loss."""
    resumed = handle.resumed
    problem = ScaleFree(evaluate, spec.range_penalty, None if resumed is None else resumed["scale"])
    image = start.clone() if resumed is None else resumed["image"].to(start.device).clone()
    method = torch.optim.Adam([image], lr=spec.learning_rate)
    if resumed is None:
        step, point = 0, problem(image)
    else:
        step, problem.evaluations = resumed["step"], resumed["evaluations"]
        point = Point.restored(resumed["point"], start.device)
        method.load_state_dict({"state": {0: resumed["moments"]}, "param_groups": method.state_dict()["param_groups"]})
    handle.state = lambda: {
        "step": step,
        "evaluations": problem.evaluations,
        "scale": problem.scale,
        "image": image,
        "point": point.state(),
        "moments": dict(method.state.get(image, {})),
    }
    if resumed is None:
        yield found(0, image, point.figures, problem.evaluations)
    while step < spec.steps:
        image.grad = point.gradient.view_as(image)
        method.step()
        step += 1
        point = problem(image)
        if not math.isfinite(point.value):
            return (
                f"the loss became infinite or NaN at step {step}; the best picture until then is kept, and a smaller "
                "optimiser.learning_rate would go further"
            )
        yield found(step, image, point.figures, problem.evaluations)
    return "all steps were taken"
