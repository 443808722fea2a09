"""How the picture is searched for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from barestyle.spec.validation import Frozen, NotNegative, Positive

Count = Annotated[int, Field(ge=1)]


class PaperLBFGS(Frozen):
    """The paper's L-BFGS (section 3), with the defaults of torch.optim.LBFGS that the paper leaves as they are.

    `steps` of at most `iterations_per_step` iterations, no line search, pixels clamped to 0..1 before every
    evaluation. It stops early on absolute tolerances, so how far it gets depends on the loss's scale. An
    infinite or NaN loss draws new filters and starts again, at most `restarts` times.
    """

    kind: Literal["paper-lbfgs"] = "paper-lbfgs"
    steps: Count = 20
    iterations_per_step: Count = 20
    learning_rate: Positive = 1.0
    history: Count = 100
    tolerance_gradient: NotNegative = 1e-7
    tolerance_change: NotNegative = 1e-9
    restarts: Annotated[int, Field(ge=0)] = 10


class LBFGS(Frozen):
    """L-BFGS that does not care about the loss's scale: the loss is divided by its value at the start.

    Strong-Wolfe line search (Nocedal & Wright 2006, algorithms 3.5 and 3.6); pixels are kept in 0..1 by a soft
    penalty of weight `range_penalty` and clamped at the end; the best iterate is kept. It ends after `steps`
    iterations, or when `patience` iterations together improved the loss by less than the fraction `tolerance`.
    """

    kind: Literal["lbfgs"] = "lbfgs"
    steps: Count = 200
    history: Count = 20
    range_penalty: NotNegative = 10.0
    patience: Count = 10
    tolerance: Annotated[float, Field(ge=0, lt=1)] = 0.01


class Adam(Frozen):
    """Adam (Kingma & Ba 2015, arXiv:1412.6980) on the same scale-free loss and penalty as `lbfgs`."""

    kind: Literal["adam"] = "adam"
    steps: Count = 300
    learning_rate: Positive = 0.02
    range_penalty: NotNegative = 10.0
    patience: Count = 50
    tolerance: Annotated[float, Field(ge=0, lt=1)] = 0.01


Optimizer = Annotated[PaperLBFGS | LBFGS | Adam, Field(discriminator="kind")]
