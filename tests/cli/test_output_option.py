"""`-o`: files, folders and standard output."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from barestyle.cli.output_option import OutputFile, create_folders, default_output, parse_output
from barestyle.cli.standard_streams import STANDARD_STREAM
from barestyle.errors import OutputError
from tests.cli.conftest import QUICK, Program


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder, with a folder and a file in it."""
    (tmp_path / "existing").mkdir()
    (tmp_path / "file.png").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("out.jpg", OutputFile(Path("out.jpg"))),
        ("existing", OutputFile(Path("existing/a-b.png"))),
        ("existing/", OutputFile(Path("existing/a-b.png"))),
        ("new/", OutputFile(Path("new/a-b.png"), Path("new"))),
        ("existing/new/", OutputFile(Path("existing/new/a-b.png"), Path("existing/new"))),
        ("new", OutputFile(Path("new"))),
        ("-", OutputFile(STANDARD_STREAM)),
    ],
)
@pytest.mark.usefixtures("folder")
def test_names(text: str, expected: OutputFile) -> None:
    assert parse_output(text, "a-b.png") == expected
    assert default_output(text, [Path("x/a.jpg"), Path("b.tif")]) == expected


def test_the_default_name() -> None:
    assert default_output(None, [Path("x/a.jpg"), Path("b.tif"), Path("c")]) == OutputFile(Path("a-b-c.png"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file.png/", "'file.png/' is a file, not a folder"),
        ("nowhere/new/", "the folder 'nowhere/new' cannot be created, because there is no folder 'nowhere'; create it"),
        ("file.png/new/", "cannot be "),
        ("x" * 300 + "/", "cannot be an output"),
    ],
)
def test_refused_folders(folder: Path, text: str, message: str) -> None:
    before = sorted(folder.rglob("*"))
    with pytest.raises(OutputError, match=message):
        parse_output(text, "a.png").check(force=True)
    assert sorted(folder.rglob("*")) == before


def fail_in(files: list[OutputFile], action: Callable[[], object]) -> None:
    """Create the folders, do something, and raise."""
    with suppress(RuntimeError), create_folders(files):
        action()
        raise RuntimeError


def test_new_folders_are_removed_if_nothing_was_written(folder: Path) -> None:
    new = folder / "new"
    files = [OutputFile(new / "a.png", new), OutputFile(new / "b.mp4", new)]
    fail_in(files, new.is_dir)
    assert not new.exists()
    fail_in(files, (new / "snapshot.png").touch)
    assert (new / "snapshot.png").exists()
    with create_folders([OutputFile(folder / "kept" / "a.png", folder / "kept")]):
        pass
    assert (folder / "kept").is_dir()


def test_results_in_new_folders(program: Program, pictures: Path, folder: Path) -> None:
    arguments = ("transfer", pictures / "content.png", pictures / "style.jpg", *QUICK, "-q")
    outcome = program(*arguments, "-o", "new/", "--video", "videos/", "--checkpoint")
    assert outcome.code == 0, outcome.err
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert names == {
        "file.png",
        "new/content-style.png",
        "new/content-style.png.json",
        "videos/content-style.mp4",
    }
    refused = program(*arguments, "-o", "new/")
    assert refused.code == 2
    assert "content-style.png' exists" in refused.err
    assert program("recolor", pictures / "content.png", pictures / "style.jpg", "-o", "colors/").code == 0
    assert (folder / "colors" / "content-style.png").is_file()


@pytest.mark.parametrize("options", [("--size", "4"), ("--keep", "missing.png"), ("--device", "none")])
def test_a_refused_run_creates_no_folder(
    program: Program, pictures: Path, folder: Path, options: tuple[str, ...]
) -> None:
    before = sorted(folder.rglob("*"))
    arguments = ("transfer", pictures / "content.png", pictures / "style.jpg", "-o", "new/", "--video", "videos/")
    assert program(*arguments, *options).code == 2
    assert sorted(folder.rglob("*")) == before


def test_a_refused_batch_creates_no_folder(program: Program, pictures: Path, folder: Path) -> None:
    arguments = ("batch", pictures / "content.png", "--styles", pictures / "style.jpg", "--into")
    assert program(*arguments, "new/deep", "--size", "4").code == 1
    assert not (folder / "new").exists()
    outcome = program(*arguments, "file.png/deep")
    assert outcome.code == 2
    assert "cannot be created (Not a directory); choose another --into" in outcome.err
