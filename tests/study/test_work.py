"""Running a study: every cell once, whatever happens on the way."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy.exc import OperationalError

from barestyle import transfer
from barestyle.errors import DivergedError, StorageError, StudyError, WeightsError
from barestyle.run import record as records
from barestyle.run.runner import run
from barestyle.stop_reasons import StopReason, explain
from barestyle.study.override import varied
from barestyle.study.resolve import Prepared, begin, prepared
from barestyle.study.storage import open_store
from barestyle.study.store import DECLARATION, Store
from barestyle.study.work import work
from barestyle.study.yaml_loader import load


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


def test_a_long_trace_is_thinned(store: Store, small: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["barestyle.study.work"], "TRACE", 2)
    work(store)
    for row in store.rows():
        picture = store.picture(row)
        assert picture is not None
        losses = records.parse(_record_inside(picture), picture).losses
        assert len(losses) == 3
        assert row.trace == (losses[0], losses[2])


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


def test_pictures_that_cannot_be_kept_fail_their_cell(store: Store, small: Prepared) -> None:
    shutil.rmtree(store.artifacts)
    store.artifacts.write_text("in the way")
    work(store)
    assert {row.state for row in store.rows()} == {"failed"}
    (reason,) = {row.reason for row in store.rows()}
    assert reason.startswith(f"the study's pictures cannot be kept in '{store.artifacts}'")


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
    assert {(row.state, row.reason, row.stop_reason) for row in rows if row.seed == 1} == {
        ("failed", "RuntimeError: out of memory, say", None)
    }
    assert begin(small, store) == 0, "failed cells are not run again by themselves"
    monkeypatch.undo()
    assert begin(small, store, retry_failed=True) == 3
    work(store)
    assert {row.state for row in store.rows()} == {"done"}


def test_a_row_has_the_code_of_why_its_optimization_ended(
    store: Store, small: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exploding(plan: object, **options: object) -> object:
        if getattr(plan, "seed", None) == 1:
            raise DivergedError(explain(StopReason.RESTARTS_EXHAUSTED, starts=3))
        return run(plan, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(sys.modules["barestyle.study.work"], "run", exploding)
    work(store)
    failed = {(row.state, row.stop_reason) for row in store.rows() if row.seed == 1}
    assert failed == {("failed", StopReason.RESTARTS_EXHAUSTED)}
    done = {(row.state, row.stop_reason) for row in store.rows() if row.seed == 0}
    assert done <= {("done", StopReason.STEPS_TAKEN), ("done", StopReason.STEPS_CUT_SHORT)}


def test_a_stopped_cell_goes_back_into_the_queue(store: Store, small: Prepared) -> None:
    asked = iter([False, False, True])
    work(store, should_stop=lambda: next(asked, True))
    states = sorted(row.state for row in store.rows())
    assert states == ["waiting"] * len(small.cells)
    assert work(store) == len(small.cells)


def redeclared(store: Store, **changes: Any) -> None:
    """The study with something else declared beside it."""
    store._study.set_user_attr(DECLARATION, {**store._study.user_attrs[DECLARATION], **changes})


def test_only_the_cells_of_the_latest_declaration_are_run(store: Store, small: Prepared, pictures: Path) -> None:
    """A study that is declared anew with other pictures leaves what it had queued before, and counts its own."""
    swapped = varied(small.study, pairs=[(small.study.pairs[0].style, small.study.pairs[0].content)])
    other = prepared(swapped, weights=None)
    assert begin(other, store) == len(small.cells)
    assert work(store) == len(small.cells)
    assert {row.cell for row in store.rows()} == {cell.key for cell in other.cells}
    assert begin(small, store) == 0, "what was queued before is still there"
    assert {row.state for row in store.rows()} == {"waiting"}


def test_a_picture_that_changed_is_another_one(store: Store, study_file: Path, style_image: Image.Image) -> None:
    """Another file of the same name: nothing that was found with the old one counts, and reports show the new one."""
    work(store)
    study = load(str(study_file))
    name = study.pairs[0].style
    before = store.input(name)
    style_image.rotate(180).save(name)
    changed = prepared(study, weights=None)
    assert begin(changed, store) == len(changed.cells)
    assert {row.state for row in store.rows()} == {"waiting"}
    assert store.input(name) != before


def test_a_study_that_was_never_begun(tmp_path: Path) -> None:
    empty = open_store("small", tmp_path / "empty", create=True)
    assert empty.rows() == []
    with pytest.raises(StudyError, match="the study 'small' was never begun; `barestyle study run`"):
        work(empty)


def test_a_database_that_fails_is_told_and_costs_no_cell(
    store: Store, small: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = OperationalError("SELECT 1", {}, Exception("disk I/O error"))

    def failing(*_: object) -> None:
        raise away

    claim = store.claim()
    assert claim is not None
    monkeypatch.setattr(store._storage, "record_heartbeat", failing)
    monkeypatch.setattr(store._storage, "get_heartbeat_interval", lambda: 0.01)
    with store.alive(claim):
        time.sleep(0.1)
        beats = [thread for thread in threading.enumerate() if "beat" in thread.name]
        assert [thread.is_alive() for thread in beats] == [True], "it goes on giving signs of life"
    with pytest.raises(StudyError, match=r"the study's storage failed \(disk I/O error\); what is in it is kept"):
        store.claim()


def test_a_database_that_fails_at_the_end_does_not_fail_the_cell(
    store: Store, small: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cell stays unheard of, so that it is given to another worker."""
    whole = store._storage.set_trial_user_attr

    def failing(trial_id: int, key: str, value: Any) -> None:
        if key == "scores":
            raise OperationalError("INSERT", {}, Exception("server closed the connection"))
        whole(trial_id, key, value)

    monkeypatch.setattr(store._storage, "set_trial_user_attr", failing)
    with pytest.raises(StorageError, match="server closed the connection"):
        work(store)
    assert sorted(row.state for row in store.rows()) == ["running", *["waiting"] * (len(small.cells) - 1)]


def test_other_pictures_than_the_declared_ones_are_refused(store: Store, small: Prepared, tmp_path: Path) -> None:
    declared = store.attribute("pictures")
    name = next(iter(declared))
    redeclared(store, pictures={**declared, name: {**declared[name], "sha256": "0" * 64}})
    with pytest.raises(StudyError, match="is not the one that the study was declared with"):
        work(store)


def test_a_store_of_another_format_is_refused(store: Store, small: Prepared, tmp_path: Path) -> None:
    redeclared(store, format=99)
    again = open_store("small", tmp_path / "store")
    with pytest.raises(StudyError, match="has format 99 and this barestyle reads 1; use the barestyle that wrote it"):
        _ = again.declaration
    with pytest.raises(StudyError, match="has format 99"):
        begin(small, again)


def test_other_weights_than_the_declared_ones_are_refused(
    store: Store, small: Prepared, synthetic_weights: Path
) -> None:
    redeclared(store, weights="0" * 64)
    with pytest.raises(WeightsError, match="needs trained VGG-19 weights"):
        work(store)
    with pytest.raises(StudyError, match="is not the weights file that the study was declared with"):
        work(store, weights=synthetic_weights)
