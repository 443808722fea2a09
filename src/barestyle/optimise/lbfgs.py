"""L-BFGS that does not care about the loss's scale (Nocedal & Wright 2006, chapter 7)."""

from __future__ import annotations

from torch import Tensor

from barestyle.optimise.history import History
from barestyle.optimise.iterate import Evaluate, Method, found
from barestyle.optimise.line_search import Probe, strong_wolfe
from barestyle.optimise.scale_free import Point, ScaleFree
from barestyle.spec import LBFGS

FIRST_CHANGE = 0.01
"""Mean change of a pixel that the first step, along the gradient, tries: visible, and far from clipping."""

LINE_SEARCH_BUDGET = 12


def lbfgs(evaluate: Evaluate, start: Tensor, spec: LBFGS) -> Method:
    """Yields an iterate an iteration. Raises ExplosionError only where the start itself has no finite loss."""
    problem = ScaleFree(evaluate, start, spec.range_penalty)
    history = History(spec.history)
    here = _probe_at(0.0, start, problem.start, None)
    yield found(0, start, here.evaluation, problem.evaluations)
    for step in range(1, spec.steps + 1):
        if not float(here.gradient.abs().max()) > 0:
            return "the loss has no gradient left: nothing can be improved"
        there = _advance(problem, history, here)
        if there is here and history:
            history.clear()
            there = _advance(problem, history, here)
        if there is here:
            return "no step along the gradient lowers the loss any more: this is as precise as float32 gets"
        history.add((there.image - here.image).flatten(), there.gradient - here.gradient)
        here = there
        yield found(step, here.image, here.evaluation, problem.evaluations)
    return f"all {spec.steps} steps were taken"


def _advance(problem: ScaleFree, history: History, here: Probe) -> Probe:
    """The next point, or `here` itself where none is lower."""
    direction = history.direction(here.gradient)
    slope = float(direction.dot(here.gradient))
    if slope >= 0:
        return here
    length = 1.0 if history else FIRST_CHANGE / float(direction.abs().mean())
    along = direction.view_as(here.image)

    def probe(length: float) -> Probe:
        image = here.image.add(along, alpha=length)
        return _probe_at(length, image, problem(image), direction)

    start = Probe(0.0, here.value, slope, here.image, here.gradient, here.evaluation)
    there = strong_wolfe(probe, start, length, LINE_SEARCH_BUDGET)
    return there if there.value < here.value else here


def _probe_at(length: float, image: Tensor, point: Point, direction: Tensor | None) -> Probe:
    slope = 0.0 if direction is None else float(point.gradient.dot(direction))
    return Probe(length, point.value, slope, image, point.gradient, point.evaluation)
