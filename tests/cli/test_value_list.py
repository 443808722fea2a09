"""Options with several values."""

from __future__ import annotations

from pathlib import Path

import pytest

from barestyle.cli.value_list import split_paths


def test_commas_and_repetitions_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert split_paths(["a.png,b.png", "c.png"]) == ["a.png", "b.png", "c.png"]
    assert split_paths(["a.png,"]) == ["a.png"]


def test_a_file_with_a_comma_in_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a,b.png").touch()
    monkeypatch.chdir(tmp_path)
    assert split_paths(["a,b.png", "c,d.png"]) == ["a,b.png", "c", "d.png"]
