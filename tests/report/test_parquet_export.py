"""The Parquet file has the numbers of the store."""

from __future__ import annotations

import io

import pytest

from barestyle.report.parquet_export import format_parquet
from barestyle.study.load_table import load_table
from barestyle.study.resolve import ResolvedStudy
from barestyle.study.store import Store
from tests.study.conftest import RunHere, run_here, small, store, study_file

__all__ = ["run_here", "small", "store", "study_file"]


def test_every_score_is_a_row(store: Store, small: ResolvedStudy, run_here: RunHere) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is an extra")
    results = run_here(small, store)
    rows = parquet.read_table(io.BytesIO(format_parquet(load_table(store)))).to_pylist()
    scores = {(row["cell"], row["metric"]): row["score"] for row in rows}
    assert len(rows) == len(scores) == sum(len(result.scores) for result in results)
    for result in results:
        for metric, score in result.scores.items():
            assert scores[result.cell.key, metric] == score
    assert {row["variant"] for row in rows} == {"four", "eight", "gauss"}
    assert {row["optimizer"] for row in rows} == {"robust"}
