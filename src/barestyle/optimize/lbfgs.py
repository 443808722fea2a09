"""L-BFGS that does not care about the loss's scale (Nocedal & Wright 2006, chapter 7)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from barestyle.optimize.iterate import Evaluate, Method, found
from barestyle.optimize.lbfgs_memory import LBFGSMemory
from barestyle.optimize.line_search import Probe, strong_wolfe
from barestyle.optimize.resumable import SolverContext
from barestyle.optimize.scaled_objective import ScaledEvaluation, ScaledObjective
from barestyle.spec import LBFGS
from barestyle.stop_reasons import StopReason, explain

FIRST_CHANGE = 0.01
"""Mean change of a pixel that the first step, along the gradient, tries: visible, and far from clipping."""

LINE_SEARCH_BUDGET = 12


@dataclass(frozen=True)
class Position:
    """An image (1, 3, H, W) and what was found there."""

    image: Tensor
    point: ScaledEvaluation


def lbfgs(evaluate: Evaluate, start: Tensor, spec: LBFGS, context: SolverContext) -> Method:
    """Yields an iterate an iteration. Raises ExplosionError only where the start itself has no finite loss.

    The handle's experience is gone on from, if there is any for a history of this size, and added to.
    """
    warm_start, resumed = context.warm_start, context.resumed
    if warm_start.history is None or warm_start.history.size != spec.history:
        warm_start.history, warm_start.scale = LBFGSMemory(spec.history), None
    history = warm_start.history
    problem = ScaledObjective(evaluate, spec.range_penalty, warm_start.scale)
    if resumed is None:
        step, here = 0, Position(start, problem(start))
    else:
        step, problem.evaluations = resumed["step"], resumed["evaluations"]
        here = Position(resumed["image"].to(start.device), ScaledEvaluation.from_state(resumed["point"], start.device))
    warm_start.scale = problem.scale
    context.state = lambda: {
        "step": step,
        "evaluations": problem.evaluations,
        "image": here.image,
        "point": here.point.state(),
    }
    if resumed is None:
        yield found(0, start, here.point.scalars, problem.evaluations)
    while step < spec.steps:
        if not float(here.point.gradient.abs().max()) > 0:
            return explain(StopReason.ZERO_GRADIENT)
        there = _advance(problem, history, here)
        if there is here and history:
            history.clear()
            there = _advance(problem, history, here)
        if there is here:
            return explain(StopReason.PRECISION_LIMIT)
        history.add((there.image - here.image).flatten(), there.point.gradient - here.point.gradient)
        here = there
        step += 1
        yield found(step, here.image, here.point.scalars, problem.evaluations)
    return explain(StopReason.STEPS_TAKEN)


def _advance(problem: ScaledObjective, history: LBFGSMemory, here: Position) -> Position:
    """The next place, or `here` itself where none is lower."""
    direction = history.direction(here.point.gradient)
    slope = float(direction.dot(here.point.gradient))
    if slope >= 0:
        return here
    length = 1.0 if history else FIRST_CHANGE / float(direction.abs().mean())
    along = direction.view_as(here.image)

    def probe(length: float) -> Probe:
        point = problem(here.image.add(along, alpha=length))
        return Probe(length, point.value, float(point.gradient.dot(direction)), point)

    there = strong_wolfe(probe, Probe(0.0, here.point.value, slope, here.point), length, LINE_SEARCH_BUDGET)
    if there.point is None or not there.value < here.point.value:
        return here
    return Position(here.image.add(along, alpha=there.length), there.point)
