"""The paper's optimizer: torch.optim.LBFGS without line search, as in PyTorch's tutorial (paper section 3).

It is written as a generator, so that its caller sees every evaluation and can stop there; tests compare it with
torch.optim.LBFGS.
"""

from __future__ import annotations

import math
from dataclasses import asdict

import torch
from torch import Tensor

from barestyle.objective import Evaluation
from barestyle.optimize.iterate import Evaluate, ExplosionError, Method, Scalars, make_iterate, read_scalars
from barestyle.optimize.lbfgs_memory import LBFGSMemory
from barestyle.optimize.resumable import SolverContext, State
from barestyle.spec import PaperLBFGS
from barestyle.stop_reasons import Ending, StopReason, explain

MAX_LAST_LOSS = 10.0
"""Largest ratio of the last loss to the best one; beyond it the run diverged. Without line search, losses vary by less
than this."""


class _Closure:
    """The tutorial's closure: clamps the pixels in place, evaluates, and counts.

    NaN gradients become 0, and a loss that is not finite raises ExplosionError (paper section 3).
    """

    def __init__(self, evaluate: Evaluate) -> None:
        self._evaluate = evaluate
        self.evaluations = 0
        self.best_loss = math.inf
        self._last_loss: float | None = None
        self.scalars = Scalars(math.nan, {}, math.nan)

    def __call__(self, image: Tensor) -> Tensor:
        """Return the flat gradient at an image (1, 3, H, W), which is clamped; `scalars` has the other numbers."""
        evaluation = self._evaluate(image.clamp_(0, 1))
        self.evaluations += 1
        gradient = evaluation.gradient.nan_to_num_(nan=0.0, posinf=torch.inf, neginf=-torch.inf)
        self.scalars = read_scalars(Evaluation(evaluation.loss, evaluation.parts, gradient))
        if not math.isfinite(self.scalars.loss):
            raise ExplosionError(self._last_loss)
        self._last_loss = self.scalars.loss
        self.best_loss = min(self.best_loss, self._last_loss)
        return gradient.flatten()

    def state(self) -> State:
        """Return numbers for `load_state`."""
        return {
            "evaluations": self.evaluations,
            "best_loss": self.best_loss,
            "last_loss": self._last_loss,
            "scalars": asdict(self.scalars),
        }

    def load_state(self, state: State) -> None:
        """Restore a saved state."""
        self.evaluations, self.best_loss, self._last_loss = state["evaluations"], state["best_loss"], state["last_loss"]
        self.scalars = Scalars(**state["scalars"])


# Longer than a screen: the loop follows torch.optim.LBFGS step by step, and all of its variables are in the state.
def paper_lbfgs(evaluate: Evaluate, start: Tensor, spec: PaperLBFGS, context: SolverContext) -> Method:
    """Yield an iterate for each evaluation. Raises ExplosionError if a loss is infinite or NaN.

    Deviation: the paper takes the image after the last update without evaluating it; here it is evaluated once more, so
    that its loss is known and an explosion in the last update is noticed. The image is the same.
    """
    closure, saved = _Closure(evaluate), context.saved_state
    image = start.clone()
    history = LBFGSMemory(spec.history_size)
    # `step` counts steps, `iteration` the iterations of this step, `number` those of all steps. `is_step_over`: a
    # tolerance ended this step. `is_finished`: the last image has been evaluated.
    step = iteration = number = 0
    is_step_over = is_finished = False
    length = 0.0
    gradient = direction = previous_gradient = torch.zeros_like(image.view(-1))
    if saved is not None:
        history = LBFGSMemory.from_state(saved["history"], start.device)
        step, iteration, number, is_step_over, is_finished, length = (saved[name] for name in _NUMBERS)
        image, gradient, direction, previous_gradient = (saved[name].to(start.device).clone() for name in _VECTORS)
        closure.load_state(saved["closure"])
    flat = image.view(-1)
    context.state = lambda: {
        **dict(zip(_NUMBERS, (step, iteration, number, is_step_over, is_finished, length), strict=True)),
        **dict(zip(_VECTORS, (image, gradient, direction, previous_gradient), strict=True)),
        "closure": closure.state(),
        "history": history.state(),
    }

    while step < spec.steps:
        if saved is None:
            iteration, is_step_over = 0, False
            gradient = closure(image)
            yield make_iterate(number, image, closure.scalars, closure.evaluations)
        saved = None
        while not is_step_over and iteration < spec.iterations_per_step:
            iteration += 1
            loss = closure.scalars.loss
            if float(gradient.abs().max()) <= spec.tolerance_gradient:
                break
            number += 1
            if number == 1:
                direction = gradient.neg()
                length = spec.learning_rate * min(1.0, 1.0 / float(gradient.abs().sum()))
            else:
                history.add(direction * length, gradient - previous_gradient)
                direction = history.compute_direction(gradient)
                length = spec.learning_rate
            previous_gradient = gradient
            if float(gradient.dot(direction)) > -spec.tolerance_change:
                break
            flat.add_(direction, alpha=length)
            if iteration == spec.iterations_per_step:
                break  # the next step begins with this evaluation
            gradient = closure(image)
            is_step_over = (
                float((direction * length).abs().max()) <= spec.tolerance_change
                or abs(closure.scalars.loss - loss) < spec.tolerance_change
            )
            yield make_iterate(number, image, closure.scalars, closure.evaluations)
        step += 1

    if not is_finished:
        closure(image)
        is_finished = True
        yield make_iterate(number, image, closure.scalars, closure.evaluations)
    was_cut_short = number < spec.steps * spec.iterations_per_step
    return _explain_end(spec, was_cut_short, last=closure.scalars.loss, best=closure.best_loss)


_NUMBERS = ("step", "iteration", "number", "is_step_over", "is_finished", "length")
_VECTORS = ("image", "gradient", "direction", "previous_gradient")


def _explain_end(spec: PaperLBFGS, was_cut_short: bool, *, last: float, best: float) -> Ending:
    if last > MAX_LAST_LOSS * best:
        return explain(StopReason.LAST_LOSS_HIGH, steps=spec.steps, last=last, ratio=last / best)
    if was_cut_short:
        return explain(StopReason.STEPS_CUT_SHORT, steps=spec.steps)
    return explain(StopReason.STEPS_TAKEN)
