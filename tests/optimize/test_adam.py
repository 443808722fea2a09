"""Adam: a loss that is not finite any more."""

from __future__ import annotations

import torch
from torch import Tensor

from barestyle.objective import Evaluation
from barestyle.optimize import Minimizer
from barestyle.spec import Adam
from barestyle.stop_reasons import StopReason


def test_its_best_image_is_selected_when_the_loss_becomes_nan() -> None:
    evaluations = 0

    def evaluate(image: Tensor) -> Evaluation:
        nonlocal evaluations
        evaluations += 1
        loss = (image - 0.7).square().sum() if evaluations < 6 else torch.tensor(torch.nan)
        return Evaluation(loss, {}, 2 * (image - 0.7))

    minimizer = Minimizer(evaluate, torch.full((1, 3, 4, 4), 0.2), Adam(steps=30))
    assert len(list(minimizer)) == 5
    assert minimizer.best_so_far is not None
    assert minimizer.best_so_far.selected.step == 4
    assert minimizer.ending.reason is StopReason.LOSS_NOT_FINITE
    assert "became infinite or NaN at step 5; this is the best image so far" in minimizer.ending.sentence
