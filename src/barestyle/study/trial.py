"""Cells and results as attributes of Optuna trials; no other module knows the attributes' names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from optuna.trial import FrozenTrial, TrialState

from barestyle.study.cell import Cell, CellResult, CellState

CELL, RESULT = "cell", "result"
"""Names of the attributes."""

STATES: dict[TrialState, CellState] = {
    TrialState.WAITING: "waiting",
    TrialState.RUNNING: "running",
    TrialState.COMPLETE: "done",
    TrialState.FAIL: "failed",
}
"""States of trials that stand for a cell; a trial in any other state has been replaced by another one."""

LOST_WORKER = "its worker ended without reporting; there may be too little memory for it"


def make_attributes(cell: Cell) -> dict[str, Any]:
    """Return the attributes of a trial that waits for a worker."""
    return {CELL: cell.to_data()}


def read_cell(trial: FrozenTrial) -> Cell:
    """Return the cell of a trial."""
    return Cell.model_validate(trial.user_attrs[CELL])


def read_key(trial: FrozenTrial) -> str:
    """Return the key of a trial's cell, without validating the cell."""
    return str(trial.user_attrs[CELL]["key"])


def read_result(trial: FrozenTrial) -> CellResult:
    """Return the result of a trial whose state is in STATES."""
    state = STATES[trial.state]
    stored: dict[str, Any] = {}
    if state == "done" or has_reported_failure(trial):
        stored = trial.user_attrs[RESULT]
    elif state == "failed":
        stored = {"reason": LOST_WORKER}
    return CellResult.model_validate({**stored, "cell": trial.user_attrs[CELL], "state": state, "number": trial.number})


def has_reported_failure(trial: FrozenTrial) -> bool:
    """Return whether a worker recorded why the trial's cell failed; a lost worker records nothing.

    A worker that is lost while it records a result leaves one in the state "done" in a failed trial.
    """
    return trial.state == TrialState.FAIL and trial.user_attrs.get(RESULT, {}).get("state") == "failed"


def is_finished_or_pending(trial: FrozenTrial) -> bool:
    """Return whether the trial is done, running or waiting."""
    return trial.state in (TrialState.WAITING, TrialState.RUNNING, TrialState.COMPLETE)


def select_latest(trials: Iterable[FrozenTrial], keys: Iterable[str]) -> list[CellResult]:
    """Return one result for each cell with one of the keys: a done trial before a running, waiting or failed one."""
    order = {TrialState.COMPLETE: 0, TrialState.RUNNING: 1, TrialState.WAITING: 2, TrialState.FAIL: 3}
    selected = frozenset(keys)
    latest: dict[str, FrozenTrial] = {}
    for trial in trials:
        if trial.state not in STATES or (key := read_key(trial)) not in selected:
            continue
        if key not in latest or order[trial.state] <= order[latest[key].state]:
            latest[key] = trial
    return [read_result(trial) for trial in latest.values()]
