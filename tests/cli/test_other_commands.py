"""`presets`, `info`, `demo`, `--version`, and what a terminal shows."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from PIL import Image

import barestyle
from barestyle import PRESETS, Spec
from barestyle.limits import MAX_PIXELS
from barestyle.samples import PHOTOS, STYLES, photo, style
from tests.cli.conftest import Program


def test_presets_lists_all_with_the_default_marked(program: Program) -> None:
    outcome = program("presets")
    for name, one in PRESETS.items():
        assert name in outcome.out
        assert one.summary in outcome.out
    assert "bare (default)" in outcome.out


def test_a_preset_lists_every_field_under_its_name_for_set(program: Program) -> None:
    outcome = program("presets", "paper")
    for field in ("network.weights.magnitude", "network.pooling.after", "style_loss.weight", "optimizer.steps", "size"):
        assert re.search(rf"^{re.escape(field)} ", outcome.out, re.MULTILINE)


def test_the_default_has_a_paragraph_of_details(program: Program) -> None:
    outcome = program("presets", "bare")
    words = " ".join(outcome.out.split())
    assert PRESETS["bare"].details
    assert PRESETS["bare"].details in words


def test_presets_as_json(program: Program) -> None:
    everything = json.loads(program("presets", "--json").out)
    assert {name: Spec.from_data(data) for name, data in everything.items()} == {
        name: one.spec for name, one in PRESETS.items()
    }


def test_info_and_version(program: Program) -> None:
    outcome = program("info")
    for word in ("barestyle", "torch", "devices", "threads", "cpu"):
        assert word in outcome.out
    assert program("--version").out == f"barestyle {barestyle.__version__}\n"
    assert "Usage" in program().out


def test_help_shows_the_pixel_limit(program: Program) -> None:
    assert f"default: {MAX_PIXELS}" in re.sub(r"[^\w():]+", " ", program("transfer", "--help").out)


@pytest.mark.parametrize("name", STYLES)
def test_the_sample_styles_are_paintings_of_a_useful_size(name: str) -> None:
    path = style(name)
    assert path.stat().st_size < 300_000
    with Image.open(path) as image:
        assert (image.format, image.mode) == ("JPEG", "RGB")
        assert max(image.size) >= 512
        assert len(image.resize((64, 64)).getcolors(4096) or ()) > 500, "a painting, not a flat pattern"


@pytest.mark.parametrize("name", PHOTOS)
def test_the_sample_photos(name: str) -> None:
    with Image.open(photo(name)) as image:
        assert min(image.size) >= 256


def test_demo_with_every_option(program: Program, tmp_path: Path) -> None:
    out = tmp_path / "demo.png"
    outcome = program("demo", "-o", out, "--photo", "chelsea", "--style", "mosaic", "--size", "48", "--steps", "1")
    assert outcome.code == 0, outcome.err
    assert str(out) in outcome.out
    with Image.open(out) as image:
        assert max(image.size) == 48
    assert program("demo", "-o", out).code == 2, "it exists"
    repeated = program("rerun", out, "-o", tmp_path / "again.png")
    assert "The image is identical to the earlier one, bit for bit." in repeated.out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--style", "monet"), "there is no style 'monet'; the sample styles are"),
        (("--photo", "cat"), "there is no photograph 'cat'; the sample photographs are"),
    ],
)
def test_demo_refuses_unknown_names(program: Program, tmp_path: Path, options: tuple[str, ...], words: str) -> None:
    outcome = program("demo", "-o", tmp_path / "a.png", *options)
    assert outcome.code == 2
    assert words in outcome.err
