"""The store: declarations, results, and when a cell is done."""

from __future__ import annotations

import json
import math
import uuid
from pathlib import Path
from typing import Any

import fsspec
import pytest
from PIL import Image

from barestyle.errors import StudyError
from barestyle.study.cell import CellResult
from barestyle.study.override import override
from barestyle.study.resolve import ResolvedStudy, declare, resolve_study
from barestyle.study.store import Store, open_store
from barestyle.study.yaml_loader import load
from tests.study.conftest import RunHere, folder_of


def change_declaration(store: Store, **changes: Any) -> Store:
    """Change the stored declaration, where None removes a field, and return the store opened again."""
    declared = {**store.declaration, **changes}
    file = folder_of(store) / "study.json"
    file.write_text(json.dumps({name: value for name, value in declared.items() if value is not None}))
    return Store(folder_of(store))


def test_every_cell_is_done_once_it_has_run(store: Store, small: ResolvedStudy, run_here: RunHere) -> None:
    before = store.read_results()
    assert [result.cell for result in before] == small.cells
    assert {result.state for result in before} == {"waiting"}
    results = run_here(small, store)
    assert [result.cell for result in results] == small.cells
    assert {result.state for result in results} == {"done"}
    assert store.list_results() == {cell.key for cell in small.cells}
    for result in results:
        data = store.read_image(result)
        assert data is not None
        assert data.startswith(b"\x89PNG")


def test_a_result_is_read_as_it_was_written(store: Store, small: ResolvedStudy) -> None:
    result = CellResult(
        cell=small.cells[0],
        state="done",
        scores={"ssim": 0.1 + 0.2, "patches": 1e-300},
        trace=(2.0, 1 / 3, math.inf),
        evaluations=41,
        restarts=1,
        seconds=1.25,
        reason="all steps were taken",
        has_image=True,
    )
    store.write_result(result, b"image")
    assert store.read_results()[0] == result
    assert store.read_image(result) == b"image"


def test_a_failed_cell_has_no_image(store: Store, small: ResolvedStudy) -> None:
    failed = CellResult(cell=small.cells[0], state="failed", failure="error", reason="too large")
    store.write_result(failed, None)
    assert store.read_results()[0] == failed
    assert store.read_image(failed) is None


def test_a_cell_whose_image_was_deleted_is_not_done(store: Store, small: ResolvedStudy, run_here: RunHere) -> None:
    run_here(small, store)
    key = small.cells[2].key
    (folder_of(store) / "results" / f"{key}.png").unlink()
    assert [result.cell.key for result in store.read_results() if result.state == "waiting"] == [key]


def test_results_of_an_earlier_declaration_are_found_again(
    store: Store, small: ResolvedStudy, run_here: RunHere
) -> None:
    run_here(small, store)
    more_seeds = resolve_study(override(small.study, seeds=[0, 1, 2]), weights=None)
    declare(more_seeds, store)
    states = [(result.cell.seed, result.state) for result in store.read_results()]
    assert states == [*[(0, "done")] * 3, *[(1, "done")] * 3, *[(2, "waiting")] * 3]
    declare(small, store)
    assert {result.state for result in store.read_results()} == {"done"}


def test_another_picture_of_the_same_name_is_refused_and_nothing_is_lost(
    store: Store, small: ResolvedStudy, run_here: RunHere, study_file: Path, style_image: Image.Image
) -> None:
    run_here(small, store)
    name = small.study.pairs[0].style
    before = Path(name).read_bytes()
    style_image.rotate(180).save(name)
    with pytest.raises(StudyError, match=r"image .* is not the file that the study in .* was declared with"):
        declare(resolve_study(load(str(study_file)), weights=None), store)
    Path(name).write_bytes(before)
    assert {result.state for result in Store(folder_of(store)).read_results()} == {"done"}


def test_other_weights_than_the_declared_ones_are_refused(store: Store, small: ResolvedStudy) -> None:
    declared = store.declaration
    names = ("metrics", "favored", "machine")
    attributes = {name: declared[name] for name in names}
    store.declare(small.study, images=declared["images"], weights="1" * 64, **attributes)
    with pytest.raises(StudyError, match=r"SHA-256 begins with 22222222, not 11111111"):
        store.declare(small.study, images=declared["images"], weights="2" * 64, **attributes)


def test_another_study_in_the_same_folder_is_refused(store: Store, small: ResolvedStudy) -> None:
    other = small.study.model_copy(update={"study": "other"})
    with pytest.raises(StudyError, match=r"has the study 'small', not 'other'; choose another folder with --into"):
        declare(resolve_study(other, weights=None), store)
    with pytest.raises(StudyError, match=r"has the study 'small', not 'other'; name that one"):
        open_store("other", folder_of(store))


def test_a_folder_without_a_study_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"there is no study in .*; start one with `barestyle study run small`"):
        open_store("small", tmp_path)
    with pytest.raises(StudyError, match=r"there is no study in .*; start one with `barestyle study run STUDY`"):
        Store(tmp_path).read_results()


@pytest.mark.parametrize("changes", [{"format": 99}, {"kind": None}, {"kind": "other"}])
def test_a_declaration_of_another_format_is_refused(
    store: Store, small: ResolvedStudy, changes: dict[str, Any]
) -> None:
    again = change_declaration(store, **changes)
    for use in (lambda: again.study, again.read_results, lambda: declare(small, again)):
        with pytest.raises(StudyError, match="is not a study of format 2; use the version of barestyle that wrote it"):
            use()


def test_a_declaration_that_is_not_valid_here_is_refused(store: Store) -> None:
    again = change_declaration(store, study={**store.declaration["study"], "size": 1})
    with pytest.raises(StudyError, match=r"cannot be read \(its field size is not valid here\)"):
        again.read_results()


def test_a_result_that_cannot_be_read_is_named(store: Store, small: ResolvedStudy, run_here: RunHere) -> None:
    run_here(small, store)
    key = small.cells[0].key
    (folder_of(store) / "results" / f"{key}.json").write_text("{")
    with pytest.raises(StudyError, match=f"the result {key} in .* cannot be read; delete its file and run the study"):
        store.read_results()


def test_a_store_at_a_url(small: ResolvedStudy, run_here: RunHere) -> None:
    """In memory, as an example of all file systems that fsspec knows."""
    location = f"memory://{uuid.uuid4().hex}"
    store = Store(location)
    declare(small, store)
    run_here(small, store)
    assert {result.state for result in open_store("small", location).read_results()} == {"done"}
    assert store.read_input(small.study.pairs[0].content) is not None
    fsspec.filesystem("memory").store.clear()


def test_looks_are_kept_by_a_later_declaration(store: Store, small: ResolvedStudy) -> None:
    pairs = tuple(
        small.study.pairs[0].model_copy(update={"style": name})
        for name in ("style:mosaic", "style:swirls", "style:impasto")
    )
    study = small.study.model_copy(update={"pairs": pairs})
    declare(resolve_study(study.model_copy(update={"looks": (3,)}), weights=None), store)
    declare(resolve_study(study, weights=None), store)
    assert Store(folder_of(store)).study.looks == (3,)


def test_a_file_that_is_being_written_is_ignored(store: Store) -> None:
    store.write_comparison("aa-bb", 0.25)
    (folder_of(store) / "comparisons" / ".aa-cc.json.1234.part").write_text("{")
    assert store.read_comparisons() == {"aa-bb": 0.25}


def test_a_folder_whose_name_looks_like_a_pattern(small: ResolvedStudy, run_here: RunHere, tmp_path: Path) -> None:
    store = Store(tmp_path / "x[1]*")
    declare(small, store)
    assert {result.state for result in run_here(small, store)} == {"done"}


def test_comparisons_are_read_as_they_were_written(store: Store) -> None:
    store.write_comparison("aa-bb", 0.25)
    store.write_comparison("aa-cc", 0.5)
    assert store.read_comparisons() == {"aa-bb": 0.25, "aa-cc": 0.5}
