"""A worker: it runs every cell once and stores its result."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from PIL import Image

from barestyle import transfer
from barestyle.errors import DivergedError, StudyError, WeightsError
from barestyle.run import record as records
from barestyle.run.record import Record
from barestyle.run.runner import run
from barestyle.stop_reasons import StopReason, explain
from barestyle.study.cell import CellResult
from barestyle.study.resolve import ResolvedStudy, prepare_store
from barestyle.study.store import Store
from barestyle.study.work import work
from tests.study.test_store import redeclare


def read_record(store: Store, result: CellResult) -> Record:
    """The record inside the image of a done cell."""
    path = store.find_image(result)
    assert path is not None
    with Image.open(path) as image:
        image.load()
        text = str(image.text["barestyle"])  # type: ignore[attr-defined]
    return records.parse(text, path)


def test_every_cell_is_run_and_stored_with_its_record(store: Store, small: ResolvedStudy) -> None:
    assert work(store) == len(small.cells)
    results = {result.cell.key: result for result in store.read_results()}
    for cell in small.cells:
        result = results[cell.key]
        assert (result.cell, result.state) == (cell, "done")
        assert set(result.scores) == {"ssim", "patches", "held-out"}
        record = read_record(store, result)
        assert (record.spec, record.seed) == (cell.spec, cell.seed)
        assert result.trace == record.losses
        assert (result.evaluations, result.restarts) == (record.evaluations, record.restarts)
        assert (result.stop_reason, result.reason) == (record.stop_reason, record.reason)


def test_a_long_trace_is_thinned(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["barestyle.study.work"], "TRACE_LENGTH", 2)
    work(store)
    for result in store.read_results():
        losses = read_record(store, result).losses
        assert len(losses) == 3
        assert result.trace == (losses[0], losses[2])


def test_a_cell_gives_the_same_image_as_transfer(store: Store, small: ResolvedStudy) -> None:
    work(store)
    cell = small.cells[-1]
    result = next(result for result in store.read_results() if result.cell.key == cell.key)
    direct = transfer(cell.content, cell.style, cell.spec, seed=cell.seed)
    assert read_record(store, result).image_sha256 == direct.record.image_sha256


def test_a_finished_study_has_nothing_left_to_run(store: Store, small: ResolvedStudy) -> None:
    work(store)
    assert prepare_store(small, store) == 0
    assert work(store) == 0


def test_an_image_that_cannot_be_stored_fails_its_cell(store: Store) -> None:
    shutil.rmtree(store.image_folder)
    store.image_folder.write_text("in the way")
    work(store)
    assert {result.state for result in store.read_results()} == {"failed"}
    (reason,) = {result.reason for result in store.read_results()}
    assert reason.startswith(f"the study's images cannot be stored in '{store.image_folder}'")


def test_a_failed_cell_is_recorded_and_stops_no_other(
    store: Store, small: ResolvedStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_seed_1(plan: object, **options: object) -> object:
        if getattr(plan, "seed", None) == 1:
            raise RuntimeError("out of memory, for example")
        return run(plan, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(sys.modules["barestyle.study.work"], "run", fail_seed_1)
    work(store)
    results = store.read_results()
    assert {result.state for result in results if result.cell.seed == 0} == {"done"}
    assert {(r.state, r.reason, r.stop_reason) for r in results if r.cell.seed == 1} == {
        ("failed", "RuntimeError: out of memory, for example", None)
    }
    assert prepare_store(small, store) == 0, "failed cells are run again only on request"
    monkeypatch.undo()
    assert prepare_store(small, store, retry_failed=True) == 3
    work(store)
    assert {result.state for result in store.read_results()} == {"done"}


def test_a_result_has_the_code_of_why_its_optimization_ended(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode_seed_1(plan: object, **options: object) -> object:
        if getattr(plan, "seed", None) == 1:
            raise DivergedError(explain(StopReason.RESTARTS_EXHAUSTED, starts=3))
        return run(plan, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(sys.modules["barestyle.study.work"], "run", explode_seed_1)
    work(store)
    failed = {(result.state, result.stop_reason) for result in store.read_results() if result.cell.seed == 1}
    assert failed == {("failed", StopReason.RESTARTS_EXHAUSTED)}
    done = {(result.state, result.stop_reason) for result in store.read_results() if result.cell.seed == 0}
    assert done <= {("done", StopReason.STEPS_TAKEN), ("done", StopReason.STEPS_CUT_SHORT)}


def test_an_interrupted_cell_is_queued_again(store: Store, small: ResolvedStudy) -> None:
    answers = iter([False, False, True])
    work(store, should_stop=lambda: next(answers, True))
    assert [result.state for result in store.read_results()] == ["waiting"] * len(small.cells)
    assert work(store) == len(small.cells)


def test_another_image_than_the_declared_one_is_refused(store: Store) -> None:
    declared = store.read_attribute("images")
    name = next(iter(declared))
    redeclare(store, images={**declared, name: {**declared[name], "sha256": "0" * 64}})
    with pytest.raises(StudyError, match="is not the file that the study was declared with"):
        work(store)


def test_other_weights_than_the_declared_ones_are_refused(store: Store, synthetic_weights: Path) -> None:
    redeclare(store, weights="0" * 64)
    with pytest.raises(WeightsError, match="needs trained VGG-19 weights"):
        work(store)
    with pytest.raises(StudyError, match="is not the weights file that the study was declared with"):
        work(store, weights=synthetic_weights)
