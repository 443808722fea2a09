"""`barestyle transfer` and what its options change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from barestyle import Spec, preset, samples, transfer, with_settings
from barestyle.images import read
from tests.cli.conftest import QUICK, Program


def record(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.with_name(path.name + ".json").read_text())
    return loaded


def test_the_result_is_that_of_the_python_function(program: Program, pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    outcome = program("transfer", pictures / "content.png", pictures / "style.jpg", "-o", out, *QUICK, "--seed", "7")
    assert outcome.code == 0
    assert str(out) in outcome.out
    assert "all steps were taken" in outcome.out
    estimate, first, *_ = outcome.err.splitlines()
    assert estimate.startswith("2 steps, about ")
    assert first.startswith("step 0/2, 1 evaluations, loss ")
    spec = with_settings(
        preset("bare").spec, {"size": 32, "optimizer.steps": 2, "scales.finest_steps": 2, "network.channels": 4}
    )
    expected = transfer(pictures / "content.png", pictures / "style.jpg", spec, seed=7)
    assert np.array_equal(np.asarray(Image.open(out)), np.asarray(expected.to_pil()))
    assert record(out)["digest"] == spec.digest


@pytest.mark.parametrize(
    ("options", "field", "value"),
    [
        (("--size", "24"), "spec.size", 24),
        (("--steps", "1"), "spec.optimizer.steps", 1),
        (("--steps", "1"), "spec.scales.finest_steps", 1),
        (("--strength", "0.25"), "spec.content_loss.strength", 0.25),
        (("--seed", "9"), "seed", 9),
        (("--set", "network.weights=gaussian"), "spec.network.weights.kind", "gaussian"),
        (("--device", "cpu"), "device", "cpu"),
        (("-p", "npnd", "--set", "optimizer=adam"), "spec.style_loss.kind", "gram"),
    ],
)
def test_options_reach_the_run(
    program: Program, pictures: Path, tmp_path: Path, options: tuple[str, ...], field: str, value: Any
) -> None:
    out = tmp_path / "out.png"
    quick = [
        o
        for pair in zip(QUICK[::2], QUICK[1::2], strict=True)
        if pair[0] not in options or pair[0] == "--set"
        for o in pair
    ]
    outcome = program("transfer", pictures / "content.png", pictures / "style.jpg", "-o", out, *quick, *options)
    assert outcome.code == 0, outcome.err
    found: Any = record(out)
    for part in field.split("."):
        found = found[part]
    assert found == value


def test_an_installed_style_is_a_start_by_its_name(program: Program, pictures: Path, tmp_path: Path) -> None:
    def start_of(name: str, start: str | Path) -> dict[str, Any]:
        inputs = (pictures / "content.png", pictures / "style.jpg")
        outcome = program("transfer", *inputs, "-o", tmp_path / name, *QUICK, "--start", start)
        assert outcome.code == 0, outcome.err
        found = record(tmp_path / name)
        return {
            "image": found["image_sha256"],
            "kind": found["spec"]["start"]["kind"],
            "file": found["start"]["sha256"],
        }

    by_name = start_of("named.png", "mosaic")
    assert by_name["kind"] == "style"
    assert start_of("file.png", samples.trained_style("mosaic")) == by_name


def test_a_spec_from_a_file(program: Program, pictures: Path, tmp_path: Path) -> None:
    written = program("presets", "npnd", "--json")
    (tmp_path / "mine.json").write_text(written.out)
    assert Spec.from_json(written.out) == preset("npnd").spec
    out = tmp_path / "out.png"
    arguments = (
        "transfer",
        pictures / "content.png",
        pictures / "style.jpg",
        "-o",
        out,
        "--steps",
        "1",
        "--size",
        "32",
    )
    assert program(*arguments, "-p", tmp_path / "mine.json", "--set", "network.channels=4").code == 0
    assert record(out)["spec"]["style_loss"]["kind"] == "gram"


def test_the_default_output_is_named_after_both_images(
    program: Program, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert program("transfer", pictures / "content.png", pictures / "style.jpg", *QUICK).code == 0
    assert (tmp_path / "content-style.png").is_file()


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.png", "PNG"), ("a.JPG", "JPEG"), ("a.tiff", "TIFF"), ("a.webp", "WEBP"), ("a.avif", "AVIF")],
)
def test_the_extension_decides_the_format(
    program: Program, pictures: Path, tmp_path: Path, name: str, kind: str
) -> None:
    out = tmp_path / name
    assert program("transfer", pictures / "content.png", pictures / "style.jpg", "-o", out, *QUICK).code == 0
    with Image.open(out) as image:
        assert (image.format, image.size) == (kind, (32, 24))


def test_photographs_of_telephones_and_new_formats(
    program: Program, pictures: Path, content_image: Image.Image, tmp_path: Path
) -> None:
    """From HEIC to AVIF and JPEG XL, with records that repeat the run."""
    pillow_heif.from_pillow(content_image).save(tmp_path / "photo.heic", quality=90)
    for name in ("a.avif", "a.jxl"):
        out = tmp_path / name
        outcome = program("transfer", tmp_path / "photo.heic", pictures / "style.jpg", "-o", out, *QUICK)
        assert outcome.code == 0, outcome.err
        assert "bit for bit" in program("rerun", out, "-o", tmp_path / "again.png", "--force").out
        difference = read(out).pixels - read(tmp_path / "again.png").pixels
        assert float(difference.abs().mean()) < 0.03
        assert program("score", out, "--metric", "ssim").code == 0


@pytest.mark.filterwarnings("default")  # the program's, not an error as in other tests
def test_a_note_tells_that_only_one_frame_is_used(
    program: Program, pictures: Path, content_image: Image.Image, tmp_path: Path
) -> None:
    content_image.save(tmp_path / "photo.gif", save_all=True, append_images=[content_image.rotate(180)])
    line = ("transfer", tmp_path / "photo.gif", pictures / "style.jpg", "-o", tmp_path / "out.png", *QUICK)
    outcome = program(*line)
    assert outcome.code == 0
    note = f"barestyle: note: '{tmp_path / 'photo.gif'}' has 2 frames; the first one is used\n"
    assert outcome.err.count(note) == 1
    assert program(*line, "--force", "-q").err == ""


def test_a_video_is_refused_as_an_image(program: Program, pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(500))
    outcome = program("transfer", tmp_path / "a.mp4", pictures / "style.jpg", "-o", tmp_path / "out.png", *QUICK)
    assert outcome.code == 2
    assert "a.mp4' is a video; give an image, such as a frame exported with `ffmpeg -i" in outcome.err
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_save_every(program: Program, pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    arguments = ("transfer", pictures / "content.png", pictures / "style.jpg", "-o", out, "--size", "32")
    outcome = program(*arguments, "--steps", "5", "--set", "network.channels=4", "--save-every", "2")
    assert outcome.code == 0
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["out-00002.png", "out-00004.png", "out.png", "out.png.json"]
    frames = [np.asarray(Image.open(tmp_path / name)) for name in names[:3]]
    assert not np.array_equal(frames[0], frames[1])
    again = program(*arguments, "--steps", "5", "--save-every", "2", "--force")
    assert again.code == 0
    out.unlink()
    (tmp_path / "out.png.json").unlink()
    refused = program(*arguments, "--steps", "5", "--save-every", "2")
    assert refused.code == 2
    assert "out-00002.png' exists" in refused.err


def test_quiet_prints_nothing(program: Program, pictures: Path, tmp_path: Path) -> None:
    outcome = program(
        "transfer", pictures / "content.png", pictures / "style.jpg", "-o", tmp_path / "a.png", *QUICK, "-q"
    )
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "")


def test_trained_weights(program: Program, pictures: Path, tmp_path: Path, synthetic_weights: Path) -> None:
    out = tmp_path / "out.png"
    arguments = (
        "transfer",
        pictures / "content.png",
        pictures / "style.jpg",
        "-o",
        out,
        "--size",
        "32",
        "--steps",
        "1",
    )
    outcome = program(
        *arguments, "-p", "paper-original", "--trained", synthetic_weights, "--set", "optimizer.iterations_per_step=2"
    )
    assert outcome.code == 0, outcome.err
    assert record(out)["weights"]["sha256"]
    again = program("rerun", out, "-o", tmp_path / "again.png")
    assert again.code == 0, again.err
    assert "identical to the earlier one, bit for bit" in again.out


def test_nothing_is_overwritten_without_force(program: Program, pictures: Path, painted: Path) -> None:
    before = painted.read_bytes()
    arguments = ("transfer", pictures / "content.png", pictures / "style.jpg", "-o", painted, *QUICK, "--seed", "8")
    refused = program(*arguments)
    assert refused.code == 2
    assert "exists; choose another name, or overwrite it with --force" in refused.err
    assert painted.read_bytes() == before
    assert program(*arguments, "--force").code == 0
    assert painted.read_bytes() != before
