"""The paper's optimizer: torch.optim.LBFGS without line search, as in PyTorch's tutorial (paper section 3).

Written out as a generator, so that every evaluation can be seen and stopped at; tests hold it to
torch.optim.LBFGS itself.
"""

from __future__ import annotations

import math
from dataclasses import asdict

import torch
from torch import Tensor

from barestyle.objective import Evaluation
from barestyle.optimize.iterate import Evaluate, ExplosionError, Method, Scalars, found, scalars
from barestyle.optimize.lbfgs_memory import LBFGSMemory
from barestyle.optimize.resumable import SolverContext, State
from barestyle.spec import PaperLBFGS
from barestyle.stop_reasons import Ending, StopReason, explain

DIVERGED = 10.0
"""A run without line search jumps about by less than this; one that ends further above its best went astray."""


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
        """The flat gradient; `figures` has the rest."""
        evaluation = self._evaluate(image.clamp_(0, 1))
        self.evaluations += 1
        gradient = evaluation.gradient.nan_to_num_(nan=0.0, posinf=torch.inf, neginf=-torch.inf)
        self.scalars = scalars(Evaluation(evaluation.loss, evaluation.parts, gradient))
        if not math.isfinite(self.scalars.loss):
            raise ExplosionError(self._last_loss)
        self._last_loss = self.scalars.loss
        self.best_loss = min(self.best_loss, self._last_loss)
        return gradient.flatten()

    def state(self) -> State:
        """Numbers from which `restore` makes the same closure of another one."""
        return {
            "evaluations": self.evaluations,
            "best_loss": self.best_loss,
            "last_loss": self._last_loss,
            "figures": asdict(self.scalars),
        }

    def restore(self, state: State) -> None:
        """Go on counting from a state."""
        self.evaluations, self.best_loss, self._last_loss = state["evaluations"], state["best_loss"], state["last_loss"]
        self.scalars = Scalars(**state["figures"])


def paper_lbfgs(evaluate: Evaluate, start: Tensor, spec: PaperLBFGS, context: SolverContext) -> Method:
    """Yields an iterate for each evaluation. Raises ExplosionError when a loss is infinite or NaN.

    Deviation: the picture after the last update, which the paper takes unseen, is evaluated once more, so
    that its loss is known and an explosion in the very last update is noticed. The picture is the same.
    """
    closure, resumed = _Closure(evaluate), context.resumed
    image = start.clone()
    history = LBFGSMemory(spec.history)
    # Steps taken, iterations of the step under way, and of all steps; `ended` is the step by a tolerance.
    step = iteration = number = 0
    ended = finished = False
    length = 0.0
    gradient = direction = previous_gradient = torch.zeros_like(image.view(-1))
    if resumed is not None:
        history = LBFGSMemory.from_state(resumed["history"], start.device)
        step, iteration, number, ended, finished, length = (resumed[name] for name in _NUMBERS)
        image, gradient, direction, previous_gradient = (resumed[name].to(start.device).clone() for name in _VECTORS)
        closure.restore(resumed["closure"])
    flat = image.view(-1)
    context.state = lambda: {
        **dict(zip(_NUMBERS, (step, iteration, number, ended, finished, length), strict=True)),
        **dict(zip(_VECTORS, (image, gradient, direction, previous_gradient), strict=True)),
        "closure": closure.state(),
        "history": history.state(),
    }

    while step < spec.steps:
        if resumed is None:
            iteration, ended = 0, False
            gradient = closure(image)
            yield found(number, image, closure.scalars, closure.evaluations)
        resumed = None
        while not ended and iteration < spec.iterations_per_step:
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
                direction = history.direction(gradient)
                length = spec.learning_rate
            previous_gradient = gradient
            if float(gradient.dot(direction)) > -spec.tolerance_change:
                break
            flat.add_(direction, alpha=length)
            if iteration == spec.iterations_per_step:
                break  # the next step begins with this evaluation
            gradient = closure(image)
            ended = (
                float((direction * length).abs().max()) <= spec.tolerance_change
                or abs(closure.scalars.loss - loss) < spec.tolerance_change
            )
            yield found(number, image, closure.scalars, closure.evaluations)
        step += 1

    if not finished:
        closure(image)
        finished = True
        yield found(number, image, closure.scalars, closure.evaluations)
    cut_short = number < spec.steps * spec.iterations_per_step
    return _ending(spec, cut_short, last=closure.scalars.loss, best=closure.best_loss)


_NUMBERS = ("step", "iteration", "number", "ended", "finished", "length")
_VECTORS = ("image", "gradient", "direction", "previous_gradient")


def _ending(spec: PaperLBFGS, cut_short: bool, *, last: float, best: float) -> Ending:
    if last > DIVERGED * best:
        return explain(StopReason.LAST_LOSS_HIGH, steps=spec.steps, last=last, ratio=last / best)
    if cut_short:
        return explain(StopReason.STEPS_CUT_SHORT, steps=spec.steps)
    return explain(StopReason.STEPS_TAKEN)
