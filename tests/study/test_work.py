"""Running a study: every cell once, whatever happens on the way."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from barestyle import records, transfer
from barestyle.errors import StudyError, WeightsError
from barestyle.job import run
from barestyle.study.begin import Prepared, begin
from barestyle.study.storage import open_store
from barestyle.study.store import Store
from barestyle.study.work import work


def test_every_cell_is_run_and_kept_with_its_record(store: Store, small: Prepared) -> None:
    assert work(store) == len(small.cells)
    rows = {row.cell: row for row in store.rows()}
    for cell in small.cells:
        row = rows[cell.key]
        assert row.state == "done"
        assert set(row.scores) == {"ssim", "patches", "held-out"}
        picture = store.picture(row)
        assert picture is not None
        record = records.parse(_record_inside(picture), picture)
        assert (record.spec, record.seed) == (cell.spec, cell.seed)
        assert row.trace == record.losses[: len(row.trace)]


def _record_inside(picture: Path) -> str:
    from PIL import Image

    with Image.open(picture) as image:
        image.load()
        return str(image.text["barestyle"])  # type: ignore[attr-defined]


def test_a_cell_is_the_transfer_that_it_names(store: Store, small: Prepared) -> None:
    work(store)
    cell = small.cells[-1]
    row = next(row for row in store.rows() if row.cell == cell.key)
    direct = transfer(cell.pair.content, cell.pair.style, cell.spec, seed=cell.seed)
    picture = store.picture(row)
    assert picture is not None
    record = records.parse(_record_inside(picture), picture)
    assert record.image_sha256 == direct.record.image_sha256


def test_running_again_repeats_nothing(store: Store, small: Prepared) -> None:
    work(store)
    assert begin(small, store) == 0
    assert work(store) == 0


def test_a_failed_cell_is_recorded_and_stops_no_other(
    store: Store, small: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = sys.modules["barestyle.study.work"]

    def failing(plan: object, **options: object) -> object:
        if getattr(plan, "seed", None) == 1:
            raise RuntimeError("out of memory, say")
        return run(plan, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "run", failing)
    work(store)
    rows = store.rows()
    assert {row.state for row in rows if row.seed == 0} == {"done"}
    assert {(row.state, row.reason) for row in rows if row.seed == 1} == {
        ("failed", "RuntimeError: out of memory, say")
    }
    assert begin(small, store) == 0, "failed cells are not run again by themselves"
    monkeypatch.undo()
    assert begin(small, store, retry_failed=True) == 3
    work(store)
    assert {row.state for row in store.rows()} == {"done"}


def test_a_stopped_cell_goes_back_into_the_queue(store: Store, small: Prepared) -> None:
    asked = iter([False, False, True])
    work(store, should_stop=lambda: next(asked, True))
    states = sorted(row.state for row in store.rows())
    assert states == ["waiting"] * len(small.cells)
    assert work(store) == len(small.cells)


def test_other_pictures_than_the_declared_ones_are_refused(store: Store, small: Prepared, tmp_path: Path) -> None:
    declared = store.attribute("pictures")
    name = next(iter(declared))
    declared[name] = {**declared[name], "sha256": "0" * 64}
    store.declare(small.study, pictures=declared)
    with pytest.raises(StudyError, match="is not the one that the study was declared with"):
        work(store)


def test_a_store_of_another_format_is_refused(store: Store, small: Prepared, tmp_path: Path) -> None:
    store.declare(small.study, format=99)
    again = open_store("small", tmp_path / "store")
    with pytest.raises(StudyError, match="has format 99 and this barestyle reads 1; use the barestyle that wrote it"):
        _ = again.declaration
    with pytest.raises(StudyError, match="has format 99"):
        begin(small, again)


def test_other_weights_than_the_declared_ones_are_refused(
    store: Store, small: Prepared, synthetic_weights: Path
) -> None:
    store.declare(small.study, weights="0" * 64)
    with pytest.raises(WeightsError, match="needs trained VGG-19 weights"):
        work(store)
    with pytest.raises(StudyError, match="is not the weights file that the study was declared with"):
        work(store, weights=synthetic_weights)
