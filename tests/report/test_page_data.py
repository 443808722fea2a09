"""The numbers and names on the page are those of the store."""

from __future__ import annotations

from typing import Any

import pytest

from barestyle.report.page_data import ImageFiles, display_name, page_data
from barestyle.study.load_table import load_table
from barestyle.study.override import override
from barestyle.study.resolve import ResolvedStudy, declare, resolve_study
from barestyle.study.store import Store
from barestyle.study.verdicts import judge
from tests.study.conftest import RunHere, run_here, small, store, study_file

__all__ = ["run_here", "small", "store", "study_file"]


def make_page_data(store: Store) -> dict[str, Any]:
    table = load_table(store)
    return page_data(table, store.declaration, judge([], table), ImageFiles({}, {}), {})


def test_a_table_has_the_mean_of_a_variants_results(store: Store, small: ResolvedStudy, run_here: RunHere) -> None:
    run_here(small, store)
    data = make_page_data(store)
    row = next(row for row in data["figures"][0].table if row.label == "4 channels")
    study = store.study
    digest = study.build_spec(study.figures[0].panels[0], study.optimizers[0]).digest
    results = [result for result in store.read_results() if result.cell.spec.digest == digest]
    mean = sum(result.scores["ssim"] for result in results) / len(results)
    assert row.texts[list(data["metrics"]).index("ssim")] == f"{mean:.3g}"
    assert row.number == len(results) == 2


def test_an_interval_is_over_pairs_not_over_seeds(store: Store, small: ResolvedStudy, run_here: RunHere) -> None:
    """One pair has no interval, whatever the number of its seeds."""
    resolved = resolve_study(override(small.study, seeds=[0, 1, 2, 3]), weights=None)
    declare(resolved, store)
    run_here(resolved, store)
    row = next(row for row in make_page_data(store)["figures"][0].table if row.label == "4 channels")
    assert row.number == 4
    assert not any("(" in text for text in row.texts)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("photo:chelsea", "chelsea"),
        ("style:mosaic", "mosaic"),
        ("/a/b/photo.old.jpg", "photo.old"),
        ("C:\\a\\b.jpg", "b"),
    ],
)
def test_names_are_short(source: str, name: str) -> None:
    assert display_name(source) == name
