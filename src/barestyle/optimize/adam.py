"""Adam (Kingma & Ba 2015, arXiv:1412.6980), as in PyTorch, on the scaled objective."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from barestyle.optimize.iterate import Evaluate, Method, make_iterate
from barestyle.optimize.resumable import SolverContext
from barestyle.optimize.scaled_objective import ScaledEvaluation, ScaledObjective
from barestyle.spec import Adam
from barestyle.stop_reasons import StopReason, explain


def adam(evaluate: Evaluate, start: Tensor, spec: Adam, context: SolverContext) -> Method:
    """Yield an iterate for each iteration. Raises ExplosionError only if the loss of the start is not finite."""
    saved = context.saved_state
    scale = None if saved is None else saved["scale"]
    objective = ScaledObjective(evaluate, spec.range_penalty, scale, context.inner)
    image = start.clone() if saved is None else saved["image"].to(start.device).clone()
    optimizer = torch.optim.Adam([image], lr=spec.learning_rate)
    if saved is None:
        step, current = 0, objective.evaluate(image)
    else:
        step, objective.evaluations = saved["step"], saved["evaluations"]
        current = ScaledEvaluation.from_state(saved["current"], start.device)
        groups = optimizer.state_dict()["param_groups"]
        optimizer.load_state_dict({"state": {0: saved["moments"]}, "param_groups": groups})
    context.state = lambda: {
        "step": step,
        "evaluations": objective.evaluations,
        "scale": objective.scale,
        "image": image,
        "current": current.state(),
        "moments": dict(optimizer.state.get(image, {})),
    }
    if saved is None:
        yield make_iterate(0, image, current.scalars, objective.evaluations)
    while step < spec.steps:
        image.grad = current.gradient.view_as(image)
        optimizer.step()
        step += 1
        current = objective.evaluate(image)
        if not math.isfinite(current.value):
            return explain(StopReason.LOSS_NOT_FINITE, step=step)
        yield make_iterate(step, image, current.scalars, objective.evaluations)
    return explain(StopReason.STEPS_TAKEN)
