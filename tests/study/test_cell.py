"""Cells and results: one serialization, in plain data and in Optuna trials."""

from __future__ import annotations

import json
import math

import optuna
import pytest
from optuna.trial import TrialState
from pydantic import ValidationError

from barestyle import preset
from barestyle.stop_reasons import StopReason
from barestyle.study.cell import Cell, CellResult
from barestyle.study.resolve import ResolvedStudy
from barestyle.study.trial import RESULT, make_attributes, read_cell, read_key, read_result, select_latest

CELL = Cell(
    key="0123456789abcdef0123",
    content="photo:chelsea",
    style="/folder/style.jpg",
    spec=preset("npnd").spec,
    seed=2**62,
    names=("npnd@paper", "bare@paper", "npnd@robust"),
)
DONE = CellResult(
    cell=CELL,
    state="done",
    number=3,
    scores={"ssim": 0.1 + 0.2, "held-out": 1e-300},
    trace=(2.0, 1 / 3),
    evaluations=41,
    restarts=1,
    seconds=1.25,
    stop_reason=StopReason.STEPS_TAKEN,
    reason="all steps were taken",
)


def make_trial(state: TrialState, result: CellResult | None = None, *, number: int = 3) -> optuna.trial.FrozenTrial:
    """A trial as Optuna reads it from a database, where attributes are JSON."""
    attributes = make_attributes(CELL) | ({} if result is None else {RESULT: result.to_data()})
    values = [0.0, 0.0] if state == TrialState.COMPLETE else None
    trial = optuna.create_trial(state=state, user_attrs=json.loads(json.dumps(attributes)), values=values)
    trial.number = number
    return trial


def test_a_cell_survives_json() -> None:
    assert Cell.model_validate(json.loads(json.dumps(CELL.to_data()))) == CELL


def test_every_cell_of_a_study_survives_json(small: ResolvedStudy) -> None:
    assert [Cell.model_validate(json.loads(json.dumps(cell.to_data()))) for cell in small.cells] == small.cells


def test_a_cell_names_each_variant_once() -> None:
    assert CELL.variants == ("npnd", "bare")


def test_cells_and_results_are_frozen_and_have_no_other_fields() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        CELL.seed = 1  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        DONE.seconds = 1  # type: ignore[misc]
    with pytest.raises(ValidationError, match="Extra inputs"):
        Cell.model_validate({**CELL.to_data(), "digest": "0"})


def test_a_trial_returns_the_cell_and_the_result_that_it_was_given() -> None:
    trial = make_trial(TrialState.COMPLETE, DONE)
    assert read_key(trial) == CELL.key
    assert read_cell(trial) == CELL
    assert read_result(trial) == DONE


def test_a_trace_may_end_in_an_infinite_loss() -> None:
    exploded = DONE.model_copy(update={"trace": (1.0, math.inf)})
    assert read_result(make_trial(TrialState.COMPLETE, exploded)).trace == (1.0, math.inf)


@pytest.mark.parametrize(("state", "word"), [(TrialState.WAITING, "waiting"), (TrialState.RUNNING, "running")])
def test_a_trial_that_has_not_ended_has_no_numbers(state: TrialState, word: str) -> None:
    result = read_result(make_trial(state, DONE if state == TrialState.RUNNING else None))
    assert result == CellResult(cell=CELL, state=word, number=3)


def test_a_reported_failure_has_its_reason() -> None:
    failed = CellResult(
        cell=CELL, state="failed", stop_reason=StopReason.START_NOT_FINITE, reason="too large", number=3
    )
    assert read_result(make_trial(TrialState.FAIL, failed)) == failed


@pytest.mark.parametrize("left_behind", [None, DONE], ids=["nothing", "a result"])
def test_a_lost_worker_is_a_failure_without_numbers(left_behind: CellResult | None) -> None:
    """A worker can be killed after it has written its result and before the trial is complete."""
    result = read_result(make_trial(TrialState.FAIL, left_behind))
    assert (result.state, result.scores, result.stop_reason) == ("failed", {}, None)
    assert result.reason == "its worker ended without reporting; there may be too little memory for it"


@pytest.mark.parametrize(
    ("restarts", "stop_reason", "expected"),
    [
        (0, None, False),
        (0, StopReason.STEPS_TAKEN, False),
        (1, StopReason.STEPS_TAKEN, True),
        (0, StopReason.LOSS_NOT_FINITE, True),
    ],
)
def test_an_explosion_is_a_restart_or_a_code(restarts: int, stop_reason: StopReason | None, expected: bool) -> None:
    assert CellResult(cell=CELL, state="done", restarts=restarts, stop_reason=stop_reason).has_exploded is expected


def test_a_done_trial_counts_before_the_others_of_its_cell() -> None:
    states = [TrialState.FAIL, TrialState.COMPLETE, TrialState.WAITING, TrialState.RUNNING, TrialState.PRUNED]
    trials = [make_trial(state, DONE, number=i) for i, state in enumerate(states)]
    assert select_latest(trials, [CELL.key]) == [DONE.model_copy(update={"number": 1})]
    (running,) = select_latest([trials[0], *trials[2:]], [CELL.key])
    assert (running.state, running.number) == ("running", 3)
    assert select_latest(trials, ["another key"]) == []
