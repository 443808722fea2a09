"""The queue's rules: which entry of a cell counts, and what becomes of cells whose workers went silent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

MOST_RETRIES = 3
"""A cell that killed this many workers is recorded as failed: it would kill the next one, too."""


def is_second(trial: FrozenTrial, trials: Iterable[FrozenTrial]) -> bool:
    """Whether an earlier entry of the same cell is waiting, at work or done."""
    return any(
        other.number < trial.number
        and other.user_attrs["cell"] == trial.user_attrs["cell"]
        and other.state in (TrialState.WAITING, TrialState.RUNNING, TrialState.COMPLETE)
        for other in trials
    )


def put_back(study: optuna.Study, lost: FrozenTrial) -> None:
    """Queue a lost trial's cell again, unless it has killed too many workers.

    Optuna calls this for the one worker whose transition of the silent trial to failed was taken, so that
    several that notice the same silence queue its cell once.
    """
    if not is_final(lost, lost_times(study.get_trials(deepcopy=False))):
        study.add_trial(optuna.create_trial(state=TrialState.WAITING, user_attrs=identity(lost)))


_IDENTITY = ("cell", "digest", "content", "style", "seed", "spec", "names")
"""What a cell is, before anything was found."""


def identity(trial: FrozenTrial) -> dict[str, Any]:
    """A trial's attributes without what was found."""
    return {name: trial.user_attrs[name] for name in _IDENTITY}


def lost_times(trials: Iterable[FrozenTrial]) -> Counter[str]:
    """How often each cell's worker ended without a word."""
    return Counter(t.user_attrs["cell"] for t in trials if t.state == TrialState.FAIL and "failure" not in t.user_attrs)


def is_final(trial: FrozenTrial, lost: Counter[str]) -> bool:
    """Whether a failed trial's cell is to be left alone: it failed for a reason, or time and again for none."""
    return "failure" in trial.user_attrs or lost[trial.user_attrs["cell"]] > MOST_RETRIES
