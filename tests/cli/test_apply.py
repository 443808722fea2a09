"""`barestyle apply`: what comes out is what the network paints, for files, folders and pipes."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import torch
from PIL import Image

from barestyle import samples
from barestyle.cli.trained_style import locate_style, parse_mix
from barestyle.errors import SpecError, StyleFileError
from barestyle.feed_forward import load_style
from barestyle.feed_forward.painting_record import read_painting_record
from barestyle.images import read
from barestyle.run import record as records
from tests.cli.conftest import Program
from tests.conftest import drawing
from tests.feed_forward.cases import make_style


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder, with a style of two, and three photos."""
    make_style().save(tmp_path / "two.style")
    (tmp_path / "photos").mkdir()
    for number, size in enumerate([(40, 31), (64, 48), (33, 57)]):
        drawing(*size, number).save(tmp_path / "photos" / f"{number}.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def paint(photo: str, weights: torch.Tensor | None = None) -> torch.Tensor:
    style = load_style(Path("two.style"))
    painted: torch.Tensor = style.network(read(photo).pixels, style.mix() if weights is None else weights)
    return painted


def assert_levels(name: str, expected: torch.Tensor) -> None:
    torch.testing.assert_close(read(name).pixels, expected, atol=0.5 / 255 + 1e-3, rtol=0)


@pytest.mark.parametrize("engine", ["auto", "torch", "onnx"])
def test_a_photo(program: Program, folder: Path, engine: str) -> None:
    outcome = program("apply", "two.style", "photos/0.png", "--engine", engine)
    assert outcome.code == 0, outcome.err
    assert outcome.out.startswith("0-two.png  40 x 31 pixels in ")
    assert_levels("0-two.png", paint("photos/0.png"))
    assert not Path("0-two.png.json").exists()


def test_styles_are_mixed(program: Program, folder: Path) -> None:
    style = load_style(Path("two.style"))
    for arguments, weights in (
        (("--style", "style 2"), [0, 0, 1]),
        (("--style", "style 1=1,style 2=3"), [0, 0.25, 0.75]),
        (("--style", "style 1", "--style", "style 2", "--strength", "0.5"), [0.5, 0.25, 0.25]),
        (("--strength", "0"), [1, 0, 0]),
    ):
        outcome = program("apply", "two.style", "photos/0.png", "-o", "out.png", "-f", "-q", *arguments)
        assert (outcome.code, outcome.out) == (0, ""), outcome.err
        assert_levels(
            "out.png", style.network(read("photos/0.png").pixels, torch.tensor([weights], dtype=torch.float32))
        )


def test_size_transparency_and_bits_are_those_of_the_photo(program: Program, folder: Path) -> None:
    samples_16 = np.asarray(drawing(40, 32, 5), np.uint16) * 257
    alpha = np.full((32, 40, 1), 30_000, np.uint16)
    Path("deep.png").write_bytes(imagecodecs.png_encode(np.concatenate([samples_16[..., :3], alpha], axis=2)))
    outcome = program("apply", "two.style", "deep.png", "-o", "out.png", "--size", "20", "--json")
    described = json.loads(outcome.out)
    assert (described["output"], described["width"], described["height"]) == ("out.png", 20, 16)
    result = read("out.png")
    assert (result.width, result.height, result.bits) == (20, 16, 16)
    assert result.alpha is not None
    torch.testing.assert_close(result.alpha, torch.full_like(result.alpha, 30_000 / 65535))
    record = read_painting_record(Path("out.png"))
    assert record is not None
    assert (record["size"], record["photo_sha256"]) == (20, read("deep.png").sha256)


def test_a_folder(program: Program, folder: Path) -> None:
    """It continues where it was stopped, and leaves out its own results."""
    Path("photos/broken.png").write_bytes(b"no image")
    outcome = program("apply", "two.style", "photos", "-o", "photos")
    assert outcome.code == 1
    assert "3 painted, 0 skipped, 1 failed" in outcome.out
    assert "'photos/broken.png' is not an image that can be read" in outcome.err
    for number in range(3):
        assert_levels(f"photos/{number}-two.png", paint(f"photos/{number}.png"))
    Path("photos/broken.png").unlink()
    Path("photos/1-two.png").unlink()
    again = program("apply", "two.style", "photos", "photos/*.png", "-o", "photos", "--json")
    described = json.loads(again.out)
    assert (again.code, described["painted"], described["skipped"]) == (0, 1, 2)
    assert [result["state"] for result in described["results"]] == ["skipped", "painted", "skipped"]
    before = Path("photos/0-two.png").read_bytes()
    other = program("apply", "two.style", "photos", "-o", "photos", "--strength", "0.5", "-q")
    assert other.code == 1
    assert "'photos/0-two.png' exists and was made from other inputs or settings" in other.err
    assert Path("photos/0-two.png").read_bytes() == before
    assert program("apply", "two.style", "photos", "-o", "photos", "--strength", "0.5", "-q", "--force").code == 0
    assert Path("photos/0-two.png").read_bytes() != before


def test_a_new_folder_is_created(program: Program, folder: Path) -> None:
    outcome = program("apply", "two.style", "photos/0.png", "photos/1.png", "-o", "new/deeper")
    assert outcome.code == 0, outcome.err
    assert sorted(path.name for path in Path("new/deeper").iterdir()) == ["0-two.png", "1-two.png"]
    one = program("apply", "two.style", "photos/0.png", "-o", "newer/")
    assert one.out.startswith("newer/0-two.png")


def test_pipes(program: Program, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program("apply", "two.style", "photos/0.png", "-o", "file.png")
    output = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(Path("photos/0.png").read_bytes())))
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(output))
    outcome = program("apply", "two.style", "-", "-o", "-")
    assert outcome.code == 0, outcome.err
    assert "standard output  40 x 31 pixels" in outcome.err
    assert output.getvalue() == Path("file.png").read_bytes()


def test_an_installed_style_by_its_name(
    program: Program, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "installed"
    installed.mkdir()
    make_style().save(installed / "waves.style")
    monkeypatch.setattr(samples, "files", lambda _: installed)
    assert locate_style("waves") == installed / "waves.style"
    assert locate_style("waves.style") == Path("waves.style")
    with pytest.raises(
        StyleFileError, match=r"there is no trained style 'none'; give a \.style file .*, or one of waves"
    ):
        locate_style("none")
    assert program("apply", "waves", "photos/0.png").out.startswith("0-waves.png")


def test_the_record_is_not_that_of_a_search(program: Program, folder: Path) -> None:
    program("apply", "two.style", "photos/0.png", "-o", "out.png")
    outcome = program("rerun", "out.png", "-o", "again.png")
    assert outcome.code == 2
    assert "'out.png' is a 'barestyle-painting' file, not a 'barestyle-record'" in outcome.err
    Image.new("RGB", (9, 9)).save("plain.png")
    assert read_painting_record(Path("plain.png")) is None
    assert records.read_embedded(Path("plain.png")) is None


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("none.style photos/0.png", "there is no file 'none.style'; give a .style file"),
        ("none photos/0.png", "there is no trained style 'none'; give a .style file"),
        ("photos/0.png photos/1.png", "'photos/0.png' is not a trained style, or is damaged"),
        ("two.style none.png", "there is no file 'none.png'"),
        ("two.style clip.mp4 photos/0.png", "'clip.mp4' is a video, which is painted by itself"),
        ("two.style clip.mp4", "'clip.mp4' cannot be read as a video"),
        ("two.style tiny.png", "'tiny.png' has 5 x 40 pixels, but a trained style needs at least 16 per side"),
        ("two.style photos/0.png -o out.xyz", "has no image extension that can be written"),
        ("two.style photos/0.png -o photos/0.png -f", "is also an input"),
        ("two.style photos/0.png -o there.png", "'there.png' exists"),
        ("two.style photos -o out.png", "-o out.png is a single output, but several photos need a folder"),
        ("two.style photos -o -", "-o - is a single output, but several photos need a folder"),
        ("two.style photos/0.png other/0.png", "would have the same result '0-two.png'"),
        ("two.style other", "the folder 'other' has no images"),
        ("two.style photos/0.png --style green=1", "this file has no style 'green'; it has style 1, style 2"),
        ("two.style photos/0.png --style green=much", "--style 'green=much' has no number after the ="),
        ("two.style photos/0.png --strength 2", "strength cannot be 2.0"),
        ("two.style photos/0.png --memory 1MB", "memory is not enough to paint 40 x 31 pixels"),
        ("two.style photos/0.png --memory much", "memory must be a size such as 4GiB"),
        ("two.style photos/0.png --engine magic", "'magic' is not one of"),
        ("two.style photos/0.png --max-pixels 100", "more than the limit of 100"),
        (
            "two.style photos/0.png --size 900 --max-pixels 2000",
            "the result has 900 x 698 = 628,200 pixels, more than the limit of 2,000",
        ),
        ("two.style photos/0.png -o - --json", "--json and -o - both write to standard output"),
    ],
)
def test_invalid_input(program: Program, folder: Path, line: str, words: str) -> None:
    Path("there.png").write_bytes(b"mine")
    Path("clip.mp4").write_bytes(b"\0\0\0\x20ftypisom" + bytes(40))
    Image.new("RGB", (5, 40)).save("tiny.png")
    Path("other").mkdir()
    if "other/0.png" in line:
        drawing(20, 20, 1).save("other/0.png")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    outcome = program("apply", *line.split())
    assert outcome.code == 2
    assert words in outcome.err
    assert outcome.err.count("\n") == 1
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_weights_of_styles() -> None:
    assert parse_mix(None) is None
    assert parse_mix(["a=1,b=2", "c"]) == {"a": 1, "b": 2, "c": 1}
    assert parse_mix(["a=b=0.5"]) == {"a=b": 0.5}
    for text, words in (("=1", "has no name"), ("a,a=2", "'a' is given twice"), ("", "has no name")):
        with pytest.raises(SpecError, match=words):
            parse_mix([text])
