"""`barestyle apply` paints small photographs without importing PyTorch, once the graph of a style was built."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

from barestyle.feed_forward import graph_painter, load_style
from barestyle.feed_forward.graph_cache import graph_folder
from barestyle.feed_forward.painting_record import read_painting_record
from barestyle.images import read
from tests.cli.conftest import Program
from tests.conftest import drawing
from tests.feed_forward.cases import make_style


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder, with a style and a photo, and an empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    make_style().save(tmp_path / "two.style")
    drawing(40, 31, 0).save(tmp_path / "photo.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_alone(*words: str) -> bool:
    """Run the command in a process of its own, and return whether that imported PyTorch."""
    code = (
        "import sys; from barestyle.cli import main; code = main(sys.argv[1:]); print('torch' in sys.modules); "
        "sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {"True": True, "False": False}[done.stdout.splitlines()[-1]]


def test_the_second_command_is_without_torch_and_paints_the_same(folder: Path) -> None:
    assert run_alone("apply", "two.style", "photo.png", "-o", "first.png")
    assert not run_alone("apply", "two.style", "photo.png", "-o", "second.png")
    assert Path("first.png").read_bytes() == Path("second.png").read_bytes()
    assert not run_alone("apply", "two.style", "photo.png", "-o", "small.jpg", "--size", "20")
    assert read("small.jpg").pixels.shape == (1, 3, 16, 20)
    assert run_alone("apply", "two.style", "photo.png", "-o", "limited.png", "--memory", "2GiB")
    difference = (read("limited.png").pixels - read("second.png").pixels).abs()
    assert float(difference.max()) <= 1.01 / 255
    assert read_painting_record(Path("limited.png")) == read_painting_record(Path("second.png"))


def test_a_large_photo_is_painted_with_torch(program: Program, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the limit, the two ways have the same statistics."""
    assert program("apply", "two.style", "photo.png", "-o", "small.png", "-q").code == 0
    monkeypatch.setattr(graph_painter, "MEASURED_PIXELS", 40 * 31 - 1)
    assert program("apply", "two.style", "photo.png", "-o", "large.png", "-q").code == 0
    assert float((read("small.png").pixels - read("large.png").pixels).abs().max()) <= 1.01 / 255


def test_transparency_and_bits(program: Program, folder: Path) -> None:
    levels = np.asarray(drawing(40, 32, 5), np.uint16) * 257
    alpha = np.linspace(0, 65535, 40 * 32).astype(np.uint16).reshape(32, 40, 1)
    Path("deep.png").write_bytes(imagecodecs.png_encode(np.concatenate([levels, alpha], axis=2)))
    assert program("apply", "two.style", "deep.png", "-o", "out.png", "-q").code == 0
    photo, result, style = read("deep.png"), read("out.png"), load_style("two.style")
    assert (result.bits, result.alpha is None) == (16, False)
    assert np.array_equal(imagecodecs.png_decode(Path("out.png").read_bytes())[..., 3:], alpha)
    expected = style.network(photo.pixels, style.mix())
    visible = photo.alpha * expected + 1 - photo.alpha
    assert float((result.pixels - visible).abs().max()) <= 1e-3
    assert program("apply", "two.style", "deep.png", "-o", "out.jpg", "-q").code == 0
    assert float((read("out.jpg").pixels - visible).abs().mean()) <= 0.03, "over white"


def test_a_graph_that_is_damaged_is_built_again(program: Program, folder: Path) -> None:
    command = ("apply", "two.style", "photo.png", "-f", "-q", "-o")
    assert program(*command, "a.png").code == 0
    (graph,) = graph_folder().iterdir()
    before = graph.read_bytes()
    graph.write_bytes(before[:-100])
    assert program(*command, "b.png").code == 0
    assert graph.read_bytes() == before
    assert Path("a.png").read_bytes() == Path("b.png").read_bytes()


def test_another_file_of_the_same_name_has_another_graph(program: Program, folder: Path) -> None:
    assert program("apply", "two.style", "photo.png", "-o", "a.png", "-q").code == 0
    make_style(seed=1).save(folder / "two.style")
    assert program("apply", "two.style", "photo.png", "-o", "b.png", "-q").code == 0
    style = load_style("two.style")
    expected = style.network(read("photo.png").pixels, style.mix())
    assert float((read("b.png").pixels - expected).abs().max()) <= 0.5 / 255 + 1e-4
    assert len(list(graph_folder().iterdir())) == 2


def test_without_a_cache_folder_it_works_as_well(
    program: Program, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "photo.png"))
    assert program("apply", "two.style", "photo.png", "-o", "a.png", "-q").code == 0
    assert Path("a.png").is_file()
