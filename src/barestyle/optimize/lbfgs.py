"""L-BFGS that does not depend on the scale of the loss (Nocedal & Wright 2006, chapter 7)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from barestyle.optimize.inner_product import InnerProduct
from barestyle.optimize.iterate import Evaluate, Method, make_iterate
from barestyle.optimize.lbfgs_memory import LBFGSMemory
from barestyle.optimize.line_search import Probe, search_strong_wolfe
from barestyle.optimize.resumable import SolverContext
from barestyle.optimize.scaled_objective import ScaledEvaluation, ScaledObjective
from barestyle.spec import LBFGS
from barestyle.stop_reasons import StopReason, explain

FIRST_CHANGE = 0.01
"""Mean change of a pixel in the first trial step along the gradient: visible, and far from clipping."""

LINE_SEARCH_BUDGET = 12


@dataclass(frozen=True)
class Position:
    """An image (1, 3, H, W) and its evaluation."""

    image: Tensor
    evaluation: ScaledEvaluation


def lbfgs(evaluate: Evaluate, start: Tensor, spec: LBFGS, context: SolverContext) -> Method:
    """Yield an iterate for each iteration. Raises ExplosionError only if the loss of the start is not finite.

    Begins with the context's warm start if its history is of this size, and updates it.
    """
    warm_start, saved, inner = context.warm_start, context.saved_state, context.inner
    if warm_start.history is None or warm_start.history.size != spec.history_size:
        warm_start.history, warm_start.scale = LBFGSMemory(spec.history_size, inner), None
    history = warm_start.history
    objective = ScaledObjective(evaluate, spec.range_penalty, warm_start.scale, inner)
    if saved is None:
        step, current = 0, Position(start, objective.evaluate(start))
    else:
        step, objective.evaluations = saved["step"], saved["evaluations"]
        evaluation = ScaledEvaluation.from_state(saved["evaluation"], start.device)
        current = Position(saved["image"].to(start.device), evaluation)
    warm_start.scale = objective.scale
    context.state = lambda: {
        "step": step,
        "evaluations": objective.evaluations,
        "image": current.image,
        "evaluation": current.evaluation.state(),
    }
    if saved is None:
        yield make_iterate(0, start, current.evaluation.scalars, objective.evaluations)
    while step < spec.steps:
        if not inner.has_nonzero(current.evaluation.gradient):
            return explain(StopReason.ZERO_GRADIENT)
        lower = _take_step(objective, history, current, inner)
        if lower is None and history:
            history.clear()
            lower = _take_step(objective, history, current, inner)
        if lower is None:
            return explain(StopReason.PRECISION_LIMIT)
        # In place, for large images; the start is the caller's.
        change = torch.sub(lower.evaluation.gradient, current.evaluation.gradient, out=current.evaluation.gradient)
        moved = torch.sub(lower.image, current.image, out=current.image if step else None)
        history.add(moved.flatten(), change)
        current = lower
        del moved, change, lower
        step += 1
        yield make_iterate(step, current.image, current.evaluation.scalars, objective.evaluations)
    return explain(StopReason.STEPS_TAKEN)


def _take_step(
    objective: ScaledObjective, history: LBFGSMemory, current: Position, inner: InnerProduct
) -> Position | None:
    """Return the position that a line search along the L-BFGS direction ends at, or None if none is lower."""
    direction = history.compute_direction(current.evaluation.gradient)
    slope = inner(direction, current.evaluation.gradient)
    if slope >= 0:
        return None
    length = 1.0 if history else FIRST_CHANGE / inner.mean_abs(direction)
    image_direction = direction.view_as(current.image)

    def probe(length: float) -> Probe:
        evaluation = objective.evaluate(current.image.add(image_direction, alpha=length))
        return Probe(length, evaluation.value, inner(evaluation.gradient, direction), evaluation)

    start = Probe(0.0, current.evaluation.value, slope, current.evaluation)
    end = search_strong_wolfe(probe, start, length, LINE_SEARCH_BUDGET)
    if end.evaluation is None or not end.value < current.evaluation.value:
        return None
    return Position(current.image.add(image_direction, alpha=end.length), end.evaluation)
