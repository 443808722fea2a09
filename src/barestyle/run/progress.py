"""The progress of a run, as the terminal, the page and `on_progress` get it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


CHECKPOINT_EVERY = 20
"""Default number of iterations between two updates of a checkpoint."""


@dataclass(frozen=True)
class Progress:
    """State of a run after an iterate.

    Attributes:
        step: iterations done, of at most `steps`; 0 is the start.
        done: share of the work that is done, 0..1; a step counts by the time that it is expected to take.
        evaluations: losses and gradients computed in this attempt.
        loss: weighted sum of `parts`, which has its terms by name: style, content, smoothness.
        gradient_norm: Euclidean norm of the loss's gradient.
        seconds: time since the run started.
        restarts: attempts that exploded before this one.
        picture: function that returns the picture to show, (1, 3, H, W) in 0..1; it is only computed when called.
        seconds_left: estimate of the time that the rest takes; None during the first steps, which say little.
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
    seconds_left: float | None = None
