"""The CSV file has the numbers of the store."""

from __future__ import annotations

import csv
import io

import pytest

from barestyle.report.csv_export import format_csv
from barestyle.study.load_table import load_table
from barestyle.study.resolve import ResolvedStudy
from barestyle.study.store import Store
from tests.study.conftest import RunHere, run_here, small, store, study_file

__all__ = ["run_here", "small", "store", "study_file"]


def test_every_cell_is_a_line(store: Store, small: ResolvedStudy, run_here: RunHere) -> None:
    run_here(small, store)
    lines = {line["cell"]: line for line in csv.DictReader(io.StringIO(format_csv(load_table(store))))}
    assert set(lines) == {cell.key for cell in small.cells}
    for cell in small.cells:
        assert lines[cell.key]["variants"].split() == list(cell.names)
        assert lines[cell.key]["seed"] == str(cell.seed)
    for result in store.read_results():
        assert float(lines[result.cell.key]["patches"]) == pytest.approx(result.scores["patches"], rel=1e-5)
        assert lines[result.cell.key]["state"] == "done"


def test_a_cell_without_a_result_has_no_scores(store: Store) -> None:
    for line in csv.DictReader(io.StringIO(format_csv(load_table(store)))):
        assert (line["state"], line["patches"], line["ssim"]) == ("waiting", "", "")
