"""The store: declarations, formats, and failures of its database."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy.exc import OperationalError

from barestyle.errors import StorageError, StudyError
from barestyle.study.cell import Cell
from barestyle.study.override import override
from barestyle.study.resolve import ResolvedStudy, prepare_store, resolve_study
from barestyle.study.storage import open_store
from barestyle.study.store import DECLARATION, Store
from barestyle.study.work import work
from barestyle.study.yaml_loader import load


def redeclare(store: Store, **changes: Any) -> None:
    """Change attributes of the stored declaration; None removes an attribute."""
    declared = {**store._study.user_attrs[DECLARATION], **changes}
    store._study.set_user_attr(DECLARATION, {name: value for name, value in declared.items() if value is not None})


def test_queued_cells_are_returned_unchanged(store: Store, small: ResolvedStudy) -> None:
    results = store.read_results()
    assert [result.cell for result in results] == small.cells
    assert {result.state for result in results} == {"waiting"}
    lease = store.lease()
    assert lease is not None
    assert lease.cell == small.cells[0]


def test_only_the_cells_of_the_latest_declaration_are_run(store: Store, small: ResolvedStudy) -> None:
    """Cells of an earlier declaration stay in the store."""
    swapped = override(small.study, pairs=[(small.study.pairs[0].style, small.study.pairs[0].content)])
    other = resolve_study(swapped, weights=None)
    assert prepare_store(other, store) == len(small.cells)
    assert work(store) == len(small.cells)
    assert {result.cell.key for result in store.read_results()} == {cell.key for cell in other.cells}
    assert prepare_store(small, store) == 0, "the first cells are still in the store"
    assert {result.state for result in store.read_results()} == {"waiting"}


def test_a_changed_image_file_gives_other_cells(store: Store, study_file: Path, style_image: Image.Image) -> None:
    """The name is the same, but no result of the old file counts, and reports show the new one."""
    work(store)
    study = load(str(study_file))
    name = study.pairs[0].style
    before = store.find_input(name)
    style_image.rotate(180).save(name)
    changed = resolve_study(study, weights=None)
    assert prepare_store(changed, store) == len(changed.cells)
    assert {result.state for result in store.read_results()} == {"waiting"}
    assert store.find_input(name) != before


def test_an_empty_store_is_reported(tmp_path: Path) -> None:
    empty = open_store("small", tmp_path / "empty", create=True)
    assert empty.read_results() == []
    with pytest.raises(StudyError, match="the store has no cells of 'small' yet; run `barestyle study run`"):
        work(empty)


@pytest.mark.parametrize(
    ("changes", "stored"),
    [
        ({"format": 99}, "barestyle-study 99"),
        ({"kind": None}, "unnamed 1"),  # of versions before the first release
        ({"kind": "other"}, "other 1"),
    ],
)
def test_a_store_of_another_format_is_refused(
    store: Store, small: ResolvedStudy, tmp_path: Path, changes: dict[str, Any], stored: str
) -> None:
    redeclare(store, **changes)
    again = open_store("small", tmp_path / "store")
    for use in (lambda: again.declaration, again.read_results, again.lease, lambda: prepare_store(small, again)):
        with pytest.raises(StudyError) as refusal:
            use()
        assert str(refusal.value) == (
            f"the store of 'small' has format '{stored}', not 'barestyle-study 1'; use the version of "
            "barestyle that wrote it, or choose another folder or storage"
        )


def test_a_stored_cell_that_is_not_valid_is_refused(
    store: Store, small: ResolvedStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A spec of another version, for example."""
    data = Cell.to_data
    monkeypatch.setattr(Cell, "to_data", lambda cell: {**data(cell), "spec": {"size": 32, "taps": [1]}})
    store.enqueue([small.cells[0].model_copy(update={"key": "other"})])
    redeclare(store, cells=["other"])
    for use in (store.read_results, store.lease):
        with pytest.raises(StudyError, match=r"of 'small' cannot be read \(its field (cell\.)?spec\.taps is not valid"):
            use()


def test_heartbeats_go_on_after_a_failure_of_the_database(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("disk I/O error"))

    lease = store.lease()
    assert lease is not None
    monkeypatch.setattr(store._storage, "record_heartbeat", fail)
    monkeypatch.setattr(store._storage, "get_heartbeat_interval", lambda: 0.01)
    with store.heartbeat(lease):
        time.sleep(0.1)
        beats = [thread for thread in threading.enumerate() if "heartbeat" in thread.name]
        assert [thread.is_alive() for thread in beats] == [True]
    with pytest.raises(StudyError, match=r"the study's database failed \(disk I/O error\); no stored result is lost"):
        store.lease()


def test_a_failure_of_the_database_at_the_end_does_not_fail_the_cell(
    store: Store, small: ResolvedStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cell stays in the state running, and without heartbeats it will be queued again."""
    original = store._storage.set_trial_user_attr

    def fail(trial_id: int, key: str, value: Any) -> None:
        if key == "result":
            raise OperationalError("INSERT", {}, Exception("server closed the connection"))
        original(trial_id, key, value)

    monkeypatch.setattr(store._storage, "set_trial_user_attr", fail)
    with pytest.raises(StorageError, match="server closed the connection"):
        work(store)
    states = sorted(result.state for result in store.read_results())
    assert states == ["running", *["waiting"] * (len(small.cells) - 1)]
