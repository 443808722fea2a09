"""Exported studies: another machine continues where this one ended."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from barestyle.errors import StudyError
from barestyle.study.archive import export_study, import_study, read_study_name
from barestyle.study.claims import Claim
from barestyle.study.compare import compare_images
from barestyle.study.declaration import FORMAT, KIND
from barestyle.study.resolve import ResolvedStudy, declare, resolve_study
from barestyle.study.store import Store
from barestyle.study.yaml_loader import load
from tests.study.conftest import RunHere

CLAIM = Claim(
    id="x", section="", statement="", kind="equivalent", subject=("eight",), reference=("gauss",), visibility="four"
)


def test_an_imported_study_continues_with_what_is_missing(
    store: Store, small: ResolvedStudy, run_here: RunHere, tmp_path: Path
) -> None:
    run_here(small, store, small.cells[:4])
    compare_images(store, [CLAIM])
    assert export_study(store, tmp_path / "small.tar.xz") == 4
    assert read_study_name(tmp_path / "small.tar.xz") == "small"
    elsewhere = Store(tmp_path / "elsewhere")
    assert import_study(tmp_path / "small.tar.xz", elsewhere) == (4, 0)
    assert elsewhere.declaration == store.declaration
    assert elsewhere.read_comparisons() == store.read_comparisons()
    states = {result.cell.key: result.state for result in elsewhere.read_results()}
    assert [states[cell.key] for cell in small.cells] == ["done"] * 4 + ["waiting"] * 2
    for result in store.read_results()[:4]:
        assert elsewhere.read_image(result) == store.read_image(result)
    declare(small, elsewhere)
    assert import_study(tmp_path / "small.tar.xz", elsewhere) == (0, 4)


def test_without_images_cells_are_done_and_images_can_be_added_later(
    store: Store, small: ResolvedStudy, run_here: RunHere, tmp_path: Path
) -> None:
    run_here(small, store)
    export_study(store, tmp_path / "numbers.tar.xz", images=False)
    export_study(store, tmp_path / "all.tar.xz")
    assert (tmp_path / "numbers.tar.xz").stat().st_size < (tmp_path / "all.tar.xz").stat().st_size
    elsewhere = Store(tmp_path / "elsewhere")
    import_study(tmp_path / "numbers.tar.xz", elsewhere)
    results = elsewhere.read_results()
    assert {(result.state, result.has_image) for result in results} == {("done", False)}
    assert [result.scores for result in results] == [result.scores for result in store.read_results()]
    assert import_study(tmp_path / "all.tar.xz", elsewhere) == (0, len(results))
    assert {(result.state, result.has_image) for result in elsewhere.read_results()} == {("done", True)}


def test_the_same_study_gives_the_same_file(
    store: Store, small: ResolvedStudy, run_here: RunHere, tmp_path: Path
) -> None:
    run_here(small, store)
    for name in ("one.tar.xz", "two.tar.xz"):
        export_study(store, tmp_path / name)
    assert (tmp_path / "one.tar.xz").read_bytes() == (tmp_path / "two.tar.xz").read_bytes()


def test_another_study_is_refused(store: Store, small: ResolvedStudy, tmp_path: Path) -> None:
    export_study(store, tmp_path / "small.tar.xz")
    other = Store(tmp_path / "other")
    declare(resolve_study(small.study.model_copy(update={"study": "other"}), weights=None), other)
    with pytest.raises(StudyError, match=r"has the study 'other', and .* the study 'small'; choose another folder"):
        import_study(tmp_path / "small.tar.xz", other)


def write_archive(path: Path, members: dict[str, bytes]) -> None:
    with tarfile.open(path, "w:xz") as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def declare_as(name: str) -> bytes:
    """A declaration that is valid but for the name, which would be a folder."""
    study = load("fig8").model_dump(mode="json")
    return json.dumps({"kind": KIND, "format": FORMAT, "study": {**study, "study": name}}).encode()


def test_a_result_that_cannot_be_read_is_refused_before_anything_is_stored(tmp_path: Path) -> None:
    write_archive(tmp_path / "bad.tar.xz", {"study.json": declare_as("fig8"), "results/abc.json": b"garbage"})
    with pytest.raises(StudyError, match=r"'results/abc.json' in .* cannot be read"):
        import_study(tmp_path / "bad.tar.xz", Store(tmp_path / "into"))
    assert not (tmp_path / "into").exists()


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"../outside.json": b"{}"}, "has '../outside.json', which no export of a study has"),
        ({"results/../../x.json": b"{}"}, "which no export of a study has"),
        ({"study.json": b"not json"}, "has no study of this version; give a file that"),
        ({"study.json": b"[]"}, "has no study of this version; give a file that"),
        ({}, "has no study of this version; give a file that"),
        ({"study.json": declare_as("../../escaped")}, "has no study of this version; give a file that"),
    ],
)
def test_an_archive_that_is_no_export_is_refused(tmp_path: Path, members: dict[str, bytes], words: str) -> None:
    write_archive(tmp_path / "bad.tar.xz", members)
    for use in (lambda path: import_study(path, Store(tmp_path / "into")), read_study_name):
        with pytest.raises(StudyError) as refusal:
            use(tmp_path / "bad.tar.xz")
        assert words in str(refusal.value)
    assert not (tmp_path / "into").exists()


def test_a_file_that_cannot_be_read_is_refused(store: Store, small: ResolvedStudy, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="there is no file"):
        import_study(tmp_path / "nowhere.tar.xz", store)
    (tmp_path / "text.tar.xz").write_text("this is not an archive")
    with pytest.raises(StudyError, match="cannot be read"):
        import_study(tmp_path / "text.tar.xz", store)
    export_study(store, tmp_path / "cut.tar.xz")
    (tmp_path / "cut.tar.xz").write_bytes((tmp_path / "cut.tar.xz").read_bytes()[:-200])
    with pytest.raises(StudyError, match="cannot be read"):
        import_study(tmp_path / "cut.tar.xz", store)
    with pytest.raises(StudyError, match=r"must end in .tar.xz"):
        export_study(store, tmp_path / "study.zip")
