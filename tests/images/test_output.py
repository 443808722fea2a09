"""Outputs that are refused before any work."""

from __future__ import annotations

import os
from pathlib import Path

import imagecodecs
import pytest
from PIL import features

from barestyle.errors import OutputError
from barestyle.images import check_distinct, check_format, check_output


def test_what_cannot_be_an_output(tmp_path: Path) -> None:
    (tmp_path / "there.png").touch()
    (tmp_path / "folder.png").mkdir()
    for name, force, message in (
        ("a.xyz", False, r"has no image extension that can be written; use one of \.png"),
        ("noextension", False, "has no image extension"),
        ("there.png", False, "exists; choose another name, or overwrite it with --force"),
        ("folder.png", True, "is a folder"),
        ("nowhere/a.png", False, "cannot write to the folder .*nowhere"),
        ("there.png/a.png", False, "cannot write to the folder"),
    ):
        with pytest.raises(OutputError, match=message):
            check_output(tmp_path / name, force=force)
    check_output(tmp_path / "there.png", force=True)
    for name in ("new.webp", "new.avif", "new.JXL"):
        check_output(tmp_path / name, force=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.png", "there.png"]


@pytest.mark.parametrize("extension", [".avif", ".jxl"])
def test_a_format_whose_encoder_is_missing(tmp_path: Path, extension: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "check", lambda name: False)
    monkeypatch.setattr(imagecodecs.JPEGXL, "available", False)
    with pytest.raises(
        OutputError, match=rf"cannot write \{extension}; reinstall it with `pip install .*`, or use \.png"
    ):
        check_output(tmp_path / f"a{extension}", force=False)
    check_output(tmp_path / "a.png", force=False)


def test_sizes_that_a_file_format_cannot_store() -> None:
    check_format(Path("a.webp"), 16383, 10)
    with pytest.raises(OutputError, match=r"\.webp stores at most 16383 pixels per side, not 16384"):
        check_format(Path("a.webp"), 10, 16384)
    check_format(Path("a.png"), 10, 100_000)
    check_format(Path("a.jxl"), 10, 100_000)
    with pytest.raises(OutputError, match=r"\.avif stores at most 32768 pixels per side"):
        check_format(Path("a.avif"), 32769, 10)


def test_an_output_that_is_an_input_under_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(b"x")
    os.link(photo, tmp_path / "hard.png")
    (tmp_path / "soft.png").symlink_to(photo)
    monkeypatch.chdir(tmp_path)
    for name in ("photo.png", "./photo.png", "hard.png", "soft.png"):
        with pytest.raises(OutputError, match=r"\.png' is also an input; choose another name"):
            check_distinct([Path("new.png"), Path(name)], [Path("other.png"), photo])
    (tmp_path / "copy.png").write_bytes(b"x")
    check_distinct([Path("copy.png"), Path("new.png")], [photo])
    check_distinct([], [photo])


def test_files_that_do_not_exist_yet_are_told_apart_by_path(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is also another file of the run"):
        check_distinct([tmp_path / "a.gif"], [tmp_path / "b" / ".." / "a.gif"], what="another file of the run")
    check_distinct([tmp_path / "a.gif"], [tmp_path / "b.gif"])
