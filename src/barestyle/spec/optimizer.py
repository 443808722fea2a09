"""Optimizers of the result's pixels."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from barestyle.spec.validation import Count, FrozenModel, NotNegative, Positive


class PaperLBFGS(FrozenModel):
    """The paper's L-BFGS (section 3), with the defaults of torch.optim.LBFGS, which the paper leaves unchanged.

    It takes `steps` steps of at most `iterations_per_step` iterations each, without a line search, and clamps pixels
    to 0..1 before every evaluation. It stops early on absolute tolerances, so its result depends on the scale of the
    loss. After an infinite or NaN loss it starts again with new random filters, at most `restarts` times.
    """

    kind: Literal["paper-lbfgs"] = "paper-lbfgs"
    steps: Count = 20
    iterations_per_step: Count = 20
    learning_rate: Positive = 1.0
    history_size: Count = 100
    tolerance_gradient: NotNegative = 1e-7
    tolerance_change: NotNegative = 1e-9
    restarts: Annotated[int, Field(ge=0)] = 10


class LBFGS(FrozenModel):
    """L-BFGS that is independent of the loss's scale: the loss is divided by its value at the start.

    It has a strong-Wolfe line search (Nocedal & Wright 2006, algorithms 3.5 and 3.6). A soft penalty of weight
    `range_penalty` keeps pixels in 0..1; they are clamped at the end. The result is the best iterate. It stops after
    `steps` iterations, or when `patience` iterations together improved the loss by less than the fraction `tolerance`.
    """

    kind: Literal["lbfgs"] = "lbfgs"
    steps: Count = 200
    history_size: Count = 20
    range_penalty: NotNegative = 10.0
    patience: Count = 10
    tolerance: Annotated[float, Field(ge=0, lt=1)] = 0.01


class Adam(FrozenModel):
    """Adam (Kingma & Ba 2015, arXiv:1412.6980) on the same scaled loss, penalty and stopping rule as `lbfgs`."""

    kind: Literal["adam"] = "adam"
    steps: Count = 300
    learning_rate: Positive = 0.02
    range_penalty: NotNegative = 10.0
    patience: Count = 50
    tolerance: Annotated[float, Field(ge=0, lt=1)] = 0.01


Optimizer = Annotated[PaperLBFGS | LBFGS | Adam, Field(discriminator="kind")]
