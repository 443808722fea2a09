"""Why an optimization ends: a code for programs, and a sentence with a remedy for people."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class StopReason(StrEnum):
    """Codes of everything that ends an optimization. Records and studies store the values, so they are stable."""

    STEPS_TAKEN = "steps-taken"
    STEPS_CUT_SHORT = "steps-cut-short"
    PLATEAU = "plateau"
    ZERO_GRADIENT = "zero-gradient"
    PRECISION_LIMIT = "precision-limit"
    LAST_LOSS_HIGH = "last-loss-high"
    LOSS_NOT_FINITE = "loss-not-finite"
    START_NOT_FINITE = "start-not-finite"
    RESTARTS_EXHAUSTED = "restarts-exhausted"
    STYLE_NOT_FINITE = "style-not-finite"
    INTERRUPTED = "interrupted"
    UNFINISHED = "unfinished"

    @property
    def is_explosion(self) -> bool:
        """Whether a loss, or what it is computed from, became infinite or NaN."""
        return self in _EXPLOSIONS


_EXPLOSIONS = (
    StopReason.LOSS_NOT_FINITE,
    StopReason.START_NOT_FINITE,
    StopReason.RESTARTS_EXHAUSTED,
    StopReason.STYLE_NOT_FINITE,
)

SENTENCES: dict[StopReason, str] = {
    StopReason.STEPS_TAKEN: "all steps were taken; for a longer run, raise optimizer.steps",
    StopReason.STEPS_CUT_SHORT: (
        "all {steps} steps were taken, some of them cut short by the absolute tolerances of the paper's optimizer; "
        "for tolerances relative to the loss, use optimizer=lbfgs"
    ),
    StopReason.PLATEAU: (
        "the loss decreased by less than {percent:.2g}% in the last {patience} iterations; "
        "for a longer run, raise optimizer.patience or lower optimizer.tolerance"
    ),
    StopReason.ZERO_GRADIENT: (
        "the gradient of the loss is zero, so nothing can be improved; for another result, change the style, the spec "
        "or the start"
    ),
    StopReason.PRECISION_LIMIT: (
        "no step along the gradient lowers the loss further, within the precision of float32; more steps would not help"
    ),
    StopReason.LAST_LOSS_HIGH: (
        "all {steps} steps were taken, but the paper's optimizer diverged: its last loss, {last:.3g}, is {ratio:.2g} "
        "times its best; use the robust optimizer=lbfgs, which keeps its best image"
    ),
    StopReason.LOSS_NOT_FINITE: (
        "the loss became infinite or NaN at step {step}; this is the best image so far, and a smaller "
        "optimizer.learning_rate would allow more steps"
    ),
    StopReason.START_NOT_FINITE: (
        "the loss of the starting image is infinite or NaN; use smaller weights (network.weights) or another seed"
    ),
    StopReason.RESTARTS_EXHAUSTED: (
        "the loss became infinite or NaN at every start ({starts} in all); use smaller weights (network.weights), "
        "another seed, or the robust optimizer=lbfgs"
    ),
    StopReason.STYLE_NOT_FINITE: (
        "the network's features of the style are infinite or NaN; use smaller weights (network.weights)"
    ),
    StopReason.INTERRUPTED: "it was interrupted; this is the best image so far, and another run can go further",
    StopReason.UNFINISHED: "it is not finished; take more iterates, or resume it from its checkpoint",
}
"""A sentence for each code, to be read alone or after "the run ended because"; numbers are filled in by `Ending`."""


@dataclass(frozen=True)
class Ending:
    """Why an optimization ended: its code, and the sentence that says so with this run's numbers."""

    reason: StopReason
    sentence: str

    def __str__(self) -> str:
        """Return the sentence."""
        return self.sentence


def explain(reason: StopReason, **numbers: float) -> Ending:
    """Return an ending with the code's sentence, its placeholders replaced by `numbers`."""
    return Ending(reason, SENTENCES[reason].format(**numbers))
