"""A cell in the store, as people and programs read it."""

from __future__ import annotations

from dataclasses import dataclass

from optuna.trial import FrozenTrial, TrialState

from barestyle.stop_reasons import StopReason


@dataclass(frozen=True)
class Row:
    """A cell in the store: what it is, how far it has come, and what was found.

    `state` is waiting, running, done or failed; `scores` by metric; `trace` is the loss at up to 100 evenly
    spaced iterates. `reason` is a sentence on why the optimization ended or the cell failed, and `stop_reason` its
    code, None if the cell has not run, or failed outside the optimization.
    """

    number: int
    cell: str
    digest: str
    content: str
    style: str
    seed: int
    state: str
    scores: dict[str, float]
    trace: tuple[float, ...]
    evaluations: int
    restarts: int
    seconds: float
    reason: str
    stop_reason: StopReason | None = None


STATES = {
    TrialState.WAITING: "waiting",
    TrialState.RUNNING: "running",
    TrialState.COMPLETE: "done",
    TrialState.FAIL: "failed",
}


def row_of(trial: FrozenTrial) -> Row:
    """The row of a trial whose state is one of STATES."""
    found = trial.user_attrs
    code = found.get("stop_reason")
    silent = "its worker ended without a word; there may be too little memory for it"
    return Row(
        number=trial.number,
        cell=found["cell"],
        digest=found["digest"],
        content=found["content"],
        style=found["style"],
        seed=found["seed"],
        state=STATES[trial.state],
        scores=found.get("scores", {}),
        trace=tuple(found.get("trace", ())),
        evaluations=found.get("evaluations", 0),
        restarts=found.get("restarts", 0),
        seconds=found.get("seconds", 0.0),
        reason=found.get("failure", silent) if trial.state == TrialState.FAIL else found.get("reason", ""),
        stop_reason=None if code is None else StopReason(code),
    )
