"""Styles that commands take by name: the paintings that come with barestyle."""

from __future__ import annotations

from pathlib import Path

import pytest

from barestyle import samples
from barestyle.cli.style_images import locate_style_image
from barestyle.errors import ImageError
from barestyle.run import record as records
from tests.cli.conftest import Program
from tests.conftest import drawing

QUICK = ("--size", "32", "--steps", "1", "--quiet")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    drawing(48, 40, seed=1).save("photo.png")
    return tmp_path


def test_names_stand_for_files_that_are_not_there(folder: Path) -> None:
    assert locate_style_image(Path("swirls")) == samples.style("swirls")
    for path in ("swirls.jpg", "folder/swirls", "./folder/swirls", "-", "/swirls"):
        assert locate_style_image(Path(path)) == Path(path)
    drawing(40, 40, seed=2).save("swirls", format="PNG")
    assert locate_style_image(Path("swirls")) == Path("swirls"), "a file has precedence"
    with pytest.raises(ImageError, match=r"no file 'swirl', .* give swirls, mosaic, hatching or impasto$"):
        locate_style_image(Path("swirl"))


def test_transfer_and_batch_take_names(folder: Path, program: Program) -> None:
    assert program("transfer", "photo.png", "swirls", "mosaic", "-o", "both.png", *QUICK).code == 0
    names = [Path(style.path or "").name for style in records.find(folder / "both.png").styles]
    assert names == ["swirls.jpg", "mosaic.jpg"]
    outcome = program("batch", "photo.png", "--styles", "mosaic,swirls", "--into", "out", *QUICK)
    assert outcome.code == 0, outcome.err
    assert sorted(path.name for path in (folder / "out").glob("*.png")) == ["photo-mosaic.png", "photo-swirls.png"]
    drawing(48, 40, seed=3).convert("L").save("left.png")
    outcome = program("transfer", "photo.png", "hatching", "--mask", "left.png:swirls", "-o", "mask.png", *QUICK)
    assert outcome.code == 0, outcome.err
    assert [Path(style.path or "").name for style in records.find(folder / "mask.png").styles] == [
        "hatching.jpg",
        "swirls.jpg",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "transfer photo.png swirl -o a.png",
        "transfer photo.png --mask photo.png:swirl -o a.png",
        "recolor photo.png swirl -o a.png",
        "batch photo.png --styles swirl --into .",
        "train swirl -o a.style",
        "video photo.png swirl -o a.mp4",
    ],
)
def test_an_unknown_name_is_one_sentence(folder: Path, program: Program, line: str) -> None:
    outcome = program(*line.split())
    assert outcome.code == 2
    assert "there is no file 'swirl', and no installed style of that name" in outcome.err
    assert [path.name for path in folder.iterdir()] == ["photo.png"]
