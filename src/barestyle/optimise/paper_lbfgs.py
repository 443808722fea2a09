"""The paper's optimiser: torch.optim.LBFGS without line search, as in PyTorch's tutorial (paper section 3).

Written out as a generator, so that every evaluation can be seen and stopped at; tests hold it to
torch.optim.LBFGS itself.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from barestyle.losses import Evaluation
from barestyle.optimise.history import History
from barestyle.optimise.iterate import Evaluate, ExplosionError, Figures, Method, figures, found
from barestyle.spec import PaperLBFGS

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
        self.figures = Figures(math.nan, {}, math.nan)

    def __call__(self, image: Tensor) -> Tensor:
        """The flat gradient; `figures` has the rest."""
        evaluation = self._evaluate(image.clamp_(0, 1))
        self.evaluations += 1
        gradient = evaluation.gradient.nan_to_num_(nan=0.0, posinf=torch.inf, neginf=-torch.inf)
        self.figures = figures(Evaluation(evaluation.loss, evaluation.parts, gradient))
        if not math.isfinite(self.figures.loss):
            raise ExplosionError(self._last_loss)
        self._last_loss = self.figures.loss
        self.best_loss = min(self.best_loss, self._last_loss)
        return gradient.flatten()


def paper_lbfgs(evaluate: Evaluate, start: Tensor, spec: PaperLBFGS) -> Method:
    """Yields an iterate for each evaluation. Raises ExplosionError when a loss is infinite or NaN.

    Deviation: the picture after the last update, which the paper takes unseen, is evaluated once more, so
    that its loss is known and an explosion in the very last update is noticed. The picture is the same.
    """
    image = start.clone()
    flat = image.view(-1)
    evaluate_clamped = _Closure(evaluate)
    history = History(spec.history)
    number = 0
    length = 0.0
    direction = previous_gradient = torch.zeros_like(flat)

    for _ in range(spec.steps):
        gradient = evaluate_clamped(image)
        yield found(number, image, evaluate_clamped.figures, evaluate_clamped.evaluations)
        for iteration in range(1, spec.iterations_per_step + 1):
            loss = evaluate_clamped.figures.loss
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
            gradient = evaluate_clamped(image)
            yield found(number, image, evaluate_clamped.figures, evaluate_clamped.evaluations)
            if float((direction * length).abs().max()) <= spec.tolerance_change:
                break
            if abs(evaluate_clamped.figures.loss - loss) < spec.tolerance_change:
                break

    evaluate_clamped(image)
    yield found(number, image, evaluate_clamped.figures, evaluate_clamped.evaluations)
    cut_short = number < spec.steps * spec.iterations_per_step
    return _reason(spec, cut_short, end=evaluate_clamped.figures.loss, best=evaluate_clamped.best_loss)


def _reason(spec: PaperLBFGS, cut_short: bool, *, end: float, best: float) -> str:
    if end > DIVERGED * best:
        return (
            f"all {spec.steps} steps were taken, but the paper's optimiser diverged: its last loss, {end:.3g}, is "
            f"{end / best:.2g} times its best; the robust one would not (`--set optimiser=lbfgs`)"
        )
    if cut_short:
        return (
            f"all {spec.steps} steps were taken, some of them cut short by the absolute tolerances of the "
            "paper's optimiser"
        )
    return f"all {spec.steps} steps of {spec.iterations_per_step} iterations were taken"
