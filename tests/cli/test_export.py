"""`barestyle export`."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from tests.cli.conftest import Program
from tests.feed_forward.cases import make_style


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    make_style().save(tmp_path / "two.style")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_onnx_file(program: Program, folder: Path) -> None:
    outcome = program("export", "two.style", "-o", "two.onnx")
    assert (outcome.code, outcome.out) == (0, "two.onnx\n"), outcome.err
    assert [value.name for value in onnx.load("two.onnx").graph.input] == ["image", "weights"]
    refused = program("export", "two.style", "-o", "two.onnx")
    assert refused.code == 2
    assert "'two.onnx' exists; choose another name, or overwrite it with --force" in refused.err
    assert program("export", "two.style", "-o", "two.onnx", "--force", "-q").out == ""


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("two.style", "there is nothing to write; name a file with -o, like -o two.onnx"),
        ("none.style -o two.onnx", "there is no file 'none.style'"),
        ("two.style -o two.style -f", "has no ONNX extension that can be written; use one of .onnx"),
        ("two.style -o none/two.onnx", "cannot write to the folder 'none'"),
    ],
)
def test_invalid_input(program: Program, folder: Path, line: str, words: str) -> None:
    outcome = program("export", *line.split())
    assert outcome.code == 2
    assert words in outcome.err
    assert [path.name for path in folder.iterdir()] == ["two.style"]
