"""Several styles on the command line, with their weights and masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from barestyle import preset, transfer, with_settings
from barestyle.cli.mask_arguments import MaskArgument
from barestyle.cli.style_arguments import parse_style_arguments, parse_weights
from barestyle.run import record as records
from tests.cli.conftest import Program
from tests.conftest import drawing
from tests.slow import slow_except

QUICK = ("--size", "48", "--steps", "2", "-q")


@pytest.fixture
def folder(tmp_path: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with photo.png, two styles, and masks of a sky and of the ground below it."""
    Image.open(pictures / "content.png").save(tmp_path / "photo.png")
    drawing(60, 50, 5).save(tmp_path / "a.png")
    drawing(50, 60, 6).save(tmp_path / "b.png")
    sky = np.zeros((48, 64), np.uint8)
    sky[:20] = 255
    Image.fromarray(sky).save(tmp_path / "sky.png")
    Image.fromarray(255 - sky).save(tmp_path / "ground.png")
    labels = np.where(sky[..., None] > 0, (255, 0, 0), (0, 0, 255)).astype(np.uint8)
    Image.fromarray(labels).save(tmp_path / "map.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_weights_and_masks_have_the_same_effect_as_in_python(program: Program, folder: Path) -> None:
    line = "transfer photo.png a.png b.png --weights 2,1 --mask sky.png:b.png -o out.png"
    outcome = program(*line.split(), *QUICK)
    assert outcome.code == 0, outcome.err
    spec = with_settings(preset("bare").spec, {"size": 48, "optimizer.steps": 2, "scales.finest_steps": 2})
    expected = transfer("photo.png", ["a.png", "b.png"], spec, weights=(2, 1), masks=(None, "sky.png"))
    record = records.find(folder / "out.png")
    assert record.image_sha256 == expected.record.image_sha256
    assert [(style.path, style.weight) for style in record.styles] == [("a.png", 2.0), ("b.png", 1.0)]
    assert record.styles[1].mask is not None
    assert record.styles[1].mask.path == "sky.png"


@pytest.mark.parametrize(
    "line",
    slow_except(
        [
            "photo.png --mask sky.png:a.png --mask ground.png:b.png",
            "photo.png --mask map.png:#ff0000=a.png,blue=b.png",
            "photo.png a.png --start b.png.jpg",
        ],
        [
            "photo.png a.png b.png",
            "photo.png --mask sky.png:a.png --mask ground.png:b.png",
            "photo.png --mask map.png:#ff0000=a.png,blue=b.png",
            "photo.png a.png b.png --mask map.png:#00f=b.png",
            "photo.png a.png --keep sky.png",
            "photo.png a.png --keep map.png:#f00",
            "photo.png a.png --start noise --set content_loss=none",
            "photo.png a.png --start b.png.jpg",
            "photo.png a.png --colors luminance",
            "photo.png a.png --colors matched --set colors.space=lab --set colors.when=after",
            "photo.png a.png --style-scale 0.6",
        ],
    ),
)
def test_each_option_changes_the_image_and_is_repeated_from_the_record(
    program: Program, folder: Path, line: str
) -> None:
    Image.open("b.png").resize((64, 48)).save("b.png.jpg")
    assert program("transfer", "photo.png", "a.png", "-o", "plain.png", *QUICK).code == 0
    outcome = program("transfer", *line.split(), "-o", "out.png", *QUICK)
    assert outcome.code == 0, outcome.err
    again = program("rerun", "out.png", "-o", "again.png")
    assert again.code == 0, again.err
    assert "bit for bit" in again.out
    plain, found = (np.asarray(Image.open(name), np.int16) for name in ("plain.png", "out.png"))
    assert np.abs(plain - found).max() > 8


def test_colors_of_a_map_are_masks_and_are_in_the_record(program: Program, folder: Path) -> None:
    """The same pixels as with two gray masks; several --mask can be mixed, and a style can have several colors."""
    lines = {
        "colors.png": "--mask map.png:#ff0000=a.png,#0000FF=b.png",
        "mixed.png": "--mask map.png:red=a.png --mask ground.png:b.png",
        "gray.png": "--mask sky.png:a.png --mask ground.png:b.png",
    }
    for name, line in lines.items():
        outcome = program("transfer", "photo.png", *line.split(), "-o", name, *QUICK)
        assert outcome.code == 0, outcome.err
    found = {name: records.find(folder / name) for name in lines}
    assert len({record.image_sha256 for record in found.values()}) == 1
    masks = [style.mask for style in found["colors.png"].styles]
    assert [(mask.path, mask.colors) for mask in masks if mask is not None] == [
        ("map.png", ("#ff0000",)),
        ("map.png", ("#0000ff",)),
    ]
    assert found["colors.png"].run_key != found["gray.png"].run_key
    union = parse_style_arguments([], None, ["map.png:red=a.png,#00f=a.png"])
    assert union.masks == [MaskArgument(Path("map.png"), ("#ff0000", "#0000ff"))]


def test_a_moved_map_keeps_its_colors(program: Program, folder: Path) -> None:
    line = "transfer photo.png --mask map.png:red=a.png,blue=b.png --keep small.png:lime -o out.png"
    small = Image.new("RGB", (64, 48))
    small.paste((0, 255, 0), (10, 10, 30, 30))
    small.save(folder / "small.png")
    assert program(*line.split(), *QUICK).code == 0
    (folder / "moved.png").write_bytes((folder / "map.png").read_bytes())
    (folder / "map.png").unlink()
    assert "the mask is no longer at" in program("rerun", "out.png", "-o", "again.png").err
    moved = ("--mask", "moved.png", "--mask", "moved.png")
    again = program("rerun", "out.png", "-o", "again.png", *moved)
    assert again.code == 0, again.err
    assert records.find(folder / "again.png").run_key == records.find(folder / "out.png").run_key


def test_moved_styles_and_masks_are_given_in_order(program: Program, folder: Path) -> None:
    line = "transfer photo.png a.png b.png --mask sky.png:a.png --mask ground.png:b.png -o out.png"
    assert program(*line.split(), *QUICK).code == 0
    (folder / "moved").mkdir()
    for name in ("a.png", "b.png", "sky.png", "ground.png"):
        (folder / name).rename(folder / "moved" / name)
    refused = program("rerun", "out.png", "-o", "again.png")
    assert "the style is no longer at 'a.png'; name the file with --style" in refused.err.replace(f"{folder}/", "")
    styles = ("--style", "moved/a.png", "--style", "moved/b.png")
    masks = ("--mask", "moved/sky.png", "--mask", "moved/ground.png")
    wrong = program("rerun", "out.png", "-o", "again.png", *styles, "--mask", "moved/sky.png")
    assert "was made with 2 masks, not 1" in wrong.err
    swapped = program("rerun", "out.png", "-o", "again.png", *styles, "--mask", masks[3], "--mask", masks[1])
    assert "is not the mask that" in swapped.err
    found = program("rerun", "out.png", "-o", "again.png", *styles, *masks)
    assert found.code == 0, found.err
    refused = program("rerun", "out.png", "-o", "third.png", *styles, *masks, "--keep", "moved/sky.png")
    assert "was made without a keep mask; leave out --keep" in refused.err


def test_a_result_in_several_styles_is_scored_against_one_of_them(program: Program, folder: Path) -> None:
    assert program("transfer", "photo.png", "a.png", "b.png", "-o", "out.png", *QUICK).code == 0
    refused = program("score", "out.png", "--metric", "patches")
    assert "the result has several styles (a.png, b.png); give one of them with --style" in refused.err
    assert program("score", "out.png", "--metric", "patches", "--style", "b.png").code == 0


def test_a_mask_with_a_colon_in_its_name(folder: Path) -> None:
    (folder / "a:b.png").write_bytes((folder / "sky.png").read_bytes())
    assert parse_style_arguments([], None, ["a:b.png:c.png"]).masks == [MaskArgument(Path("a:b.png"))]
    assert parse_style_arguments([Path("x.png"), Path("y.png")], None, ["m:y.png"]).masks == [
        None,
        MaskArgument(Path("m")),
    ]


def test_weights_are_separated_by_commas() -> None:
    assert parse_weights("2") == [2.0]
    assert parse_weights("2,.5,1e3") == [2.0, 0.5, 1000.0]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("photo.png", "no style is given"),
        ("photo.png a.png --weights 2", "have no effect with a single style"),
        ("photo.png a.png b.png --weights 2,1,3", "2 styles need 2 weights, not 3"),
        ("photo.png a.png b.png --weights 2,0", "a style's weight cannot be 0.0"),
        ("photo.png a.png b.png --weights 2,-1", "a style's weight cannot be -1.0"),
        ("photo.png a.png b.png --weights 2,much", "such as 2,1, not '2,much'"),
        ("photo.png a.png b.png --weights 2,,1", "such as 2,1, not '2,,1'"),
        ("photo.png a.png --weights vgg.pth", "such as 2,1, not 'vgg.pth'"),
        ("photo.png a.png --mask sky.png", "such as sky.png:painting.jpg, or MAP:COLOR=STYLE,..., not 'sky.png'"),
        ("photo.png --mask sky.png:a.png --mask ground.png:a.png", "has two masks"),
        ("photo.png --mask none.png:a.png", "there is no file 'none.png'"),
        ("photo.png a.png --mask sky.png:c.png", "there is no file 'c.png'"),
        ("photo.png a.png --keep none.png", "there is no file 'none.png'"),
        ("photo.png a.png --start none.png", "there is no file 'none.png'"),
        ("photo.png a.png --colors blue", "colors cannot be 'blue'; it must be one of luminance, matched, style"),
        ("photo.png a.png --style-scale 0", "style_scale cannot be 0"),
        ("photo.png a.png --start noise --set start=content", "--start and --set start set the same field"),
        ("photo.png a.png --keep sky.png -o sky.png -f", "is also an input"),
        ("photo.png a.png --keep map.png:red -o map.png -f", "is also an input"),
        ("photo.png --mask map.png:red=a.png -o map.png -f", "is also an input"),
        ("photo.png --mask map.png:a.png", "is in color, and a mask must be gray"),
        ("photo.png a.png --keep map.png", "is in color, and a mask must be gray"),
        (
            "photo.png --mask map.png:#00ff00=a.png",
            "has no pixel of the color #00ff00; its most frequent colors are #0000ff (58.3%) and #ff0000 (41.7%)",
        ),
        ("photo.png --mask map.png:#ff000=a.png", "'#ff000' is not a color; write #rrggbb"),
        ("photo.png --mask map.png:red=a.png --mask sky.png:a.png", "has two masks"),
        ("photo.png --mask none.png:red=a.png", "there is no file 'none.png'"),
    ],
)
def test_invalid_input_is_one_sentence(program: Program, folder: Path, line: str, words: str) -> None:
    outcome = program("transfer", *line.split(), *(() if "-o" in line else ("-o", "out.png")), *QUICK)
    assert outcome.code == 2
    assert words.lower() in outcome.err.lower()
    assert outcome.err.count("\n") == 1
    assert not (folder / "out.png").exists()


def test_snapshots_have_the_colors_of_the_content_too(program: Program, folder: Path) -> None:
    line = "transfer photo.png a.png -o out.png --colors luminance --set colors.when=after --save-every 3"
    assert program(*line.split(), "--size", "48", "--steps", "6", "-q").code == 0
    content = torch.from_numpy(np.asarray(Image.open("photo.png").resize((48, 36)), np.float32))
    saved = sorted(folder.glob("out*.png"))
    assert len(saved) > 2
    for file in saved:
        found = torch.from_numpy(np.asarray(Image.open(file), np.float32))
        chroma = [(one - one.mean(2, keepdim=True)).abs().mean() for one in (found, content)]
        assert float(chroma[0]) == pytest.approx(float(chroma[1]), rel=0.15)
