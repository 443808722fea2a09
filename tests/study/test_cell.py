"""Cells and results."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from barestyle import preset
from barestyle.stop_reasons import StopReason
from barestyle.study.cell import Cell, CellResult

CELL = Cell(
    key="0123456789abcdef0123",
    content="photo:chelsea",
    style="/folder/style.jpg",
    spec=preset("npnd").spec,
    seed=2**62,
    names=("npnd@paper", "bare@paper", "npnd@robust"),
)


def test_a_cell_names_each_variant_once() -> None:
    assert CELL.variants == ("npnd", "bare")


def test_cells_and_results_are_frozen_and_have_no_other_fields() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        CELL.seed = 1  # type: ignore[misc]
    with pytest.raises(ValidationError, match="Extra inputs"):
        CellResult.model_validate({"cell": CELL, "state": "done", "digest": "0"})


def test_the_data_of_a_result_name_its_cell() -> None:
    data = json.loads(json.dumps(CellResult(cell=CELL, state="waiting").to_data()))
    assert data["cell"]["spec"] == CELL.spec.digest
    assert (data["cell"]["seed"], data["cell"]["names"]) == (CELL.seed, list(CELL.names))


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
