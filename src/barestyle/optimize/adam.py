"""Adam (Kingma & Ba 2015, arXiv:1412.6980), as torch has it, on the scale-free problem."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from barestyle.optimize.iterate import Evaluate, Method, found
from barestyle.optimize.resumable import SolverContext
from barestyle.optimize.scaled_objective import ScaledEvaluation, ScaledObjective
from barestyle.spec import Adam
from barestyle.stop_reasons import StopReason, explain


def adam(evaluate: Evaluate, start: Tensor, spec: Adam, context: SolverContext) -> Method:
    """Yields an iterate an iteration. Raises ExplosionError only where the start itself has no finite loss."""
    resumed = context.resumed
    problem = ScaledObjective(evaluate, spec.range_penalty, None if resumed is None else resumed["scale"])
    image = start.clone() if resumed is None else resumed["image"].to(start.device).clone()
    method = torch.optim.Adam([image], lr=spec.learning_rate)
    if resumed is None:
        step, point = 0, problem(image)
    else:
        step, problem.evaluations = resumed["step"], resumed["evaluations"]
        point = ScaledEvaluation.from_state(resumed["point"], start.device)
        method.load_state_dict({"state": {0: resumed["moments"]}, "param_groups": method.state_dict()["param_groups"]})
    context.state = lambda: {
        "step": step,
        "evaluations": problem.evaluations,
        "scale": problem.scale,
        "image": image,
        "point": point.state(),
        "moments": dict(method.state.get(image, {})),
    }
    if resumed is None:
        yield found(0, image, point.scalars, problem.evaluations)
    while step < spec.steps:
        image.grad = point.gradient.view_as(image)
        method.step()
        step += 1
        point = problem(image)
        if not math.isfinite(point.value):
            return explain(StopReason.LOSS_NOT_FINITE, step=step)
        yield found(step, image, point.scalars, problem.evaluations)
    return explain(StopReason.STEPS_TAKEN)
