"""`barestyle export`."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from pathlib import Path

import onnx
import pytest

from barestyle.feed_forward import web_runtime
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


@pytest.fixture
def runtime(folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with other files in place of the runtime's, which are taken for the right ones."""
    package = tmp_path_factory.mktemp("package")
    for name, content in ((web_runtime.SCRIPT, b"script"), (web_runtime.WASM, b"wasm")):
        (package / name).write_bytes(content)
        monkeypatch.setitem(web_runtime.DIGESTS, name, hashlib.sha256(content).hexdigest())
    return package


def test_a_web_page(program: Program, folder: Path, runtime: Path) -> None:
    arguments = ("export", "two.style", "--web", "page", "--runtime", str(runtime))
    outcome = program(*arguments, "-o", "two.onnx")
    assert (outcome.code, outcome.out) == (0, "two.onnx\npage/index.html\n"), outcome.err
    page = (folder / "page" / "index.html").read_text(encoding="utf-8")
    assert "<title>Paint with style 1 and style 2</title>" in page
    (network,) = re.findall(r'id="network">([^<]+)<', page)
    assert gzip.decompress(base64.b64decode(network)) == (folder / "two.onnx").read_bytes()
    refused = program(*arguments)
    assert refused.code == 2
    assert "'page/index.html' exists; choose another name, or overwrite it with --force" in refused.err
    assert program(*arguments, "--force", "-q").out == ""


def test_a_page_that_cannot_be_made_leaves_nothing(program: Program, folder: Path, runtime: Path) -> None:
    (runtime / web_runtime.WASM).write_bytes(b"other")
    outcome = program("export", "two.style", "-o", "two.onnx", "--web", "page", "--runtime", str(runtime))
    assert outcome.code == 2
    assert "is damaged or not of version 1.30.0; unpack onnxruntime-web 1.30.0 there" in outcome.err
    assert [path.name for path in folder.iterdir()] == ["two.style"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("two.style", "there is nothing to write; name a file with -o, like -o two.onnx"),
        ("two.style -o two.onnx --runtime .", "--runtime is for a web page; name its folder with --web"),
        ("two.style --web two.style", "'two.style/' is a file, not a folder"),
        ("two.style --web none/page", "the folder 'none/page' cannot be created"),
        ("two.style --web page --runtime none", "cannot be read (No such file or directory)"),
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
