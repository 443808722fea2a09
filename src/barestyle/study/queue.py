"""Rules of the queue: which trial of a cell counts, and when the cell of a lost worker is queued again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import optuna
from optuna.trial import FrozenTrial, TrialState

from barestyle.study.trial import CELL, has_reported_failure, is_finished_or_pending, read_key

MAX_LOST_WORKERS = 3
"""A cell that lost more workers than this stays failed: it would end the next worker as well."""


def is_duplicate(trial: FrozenTrial, trials: Iterable[FrozenTrial]) -> bool:
    """Return whether an earlier trial of the same cell is waiting, running or done."""
    return any(
        other.number < trial.number and read_key(other) == read_key(trial) and is_finished_or_pending(other)
        for other in trials
    )


def requeue(study: optuna.Study, lost: FrozenTrial) -> None:
    """Queue a lost trial's cell again, unless it has lost too many workers.

    Optuna calls this in the one worker that changed the silent trial's state to failed, so a cell is queued once
    even if several workers notice the same silence.
    """
    if not is_final(lost, count_lost_workers(study.get_trials(deepcopy=False))):
        study.add_trial(optuna.create_trial(state=TrialState.WAITING, user_attrs={CELL: lost.user_attrs[CELL]}))


def count_lost_workers(trials: Iterable[FrozenTrial]) -> Counter[str]:
    """Return how many workers ended without reporting, by the key of their cell."""
    return Counter(read_key(t) for t in trials if t.state == TrialState.FAIL and not has_reported_failure(t))


def is_final(trial: FrozenTrial, lost_workers: Counter[str]) -> bool:
    """Return whether a failed trial's cell stays failed: its failure was reported, or it lost too many workers."""
    return has_reported_failure(trial) or lost_workers[read_key(trial)] > MAX_LOST_WORKERS
