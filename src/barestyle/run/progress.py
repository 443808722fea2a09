"""The one progress record that terminal, trace and page consume."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


CHECKPOINT_EVERY = 20
"""Iterations between checkpoints, unless told otherwise."""


@dataclass(frozen=True)
class Progress:
    """Where a run stands.

    Attributes:
        step: iterations done, of at most `steps`; 0 is the start.
        done: the share of a run's work that is done, 0..1: steps at small scales count by their pixels.
        evaluations: losses and gradients computed in this attempt.
        loss: of the objective, weighted; `parts` has its terms by name: style, content, smoothness.
        gradient_norm: Euclidean norm of the loss's gradient.
        seconds: since the run began.
        restarts: attempts that exploded before this one.
        picture: gives the picture to show, (1, 3, H, W) in 0..1, computed only when called.
    """

    step: int
    steps: int
    done: float
    evaluations: int
    loss: float
    parts: dict[str, float]
    gradient_norm: float
    seconds: float
    restarts: int
    picture: Callable[[], Tensor] = field(repr=False)
