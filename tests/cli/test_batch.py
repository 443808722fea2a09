"""`barestyle batch`: it paints every pair once, skips finished results, and goes on after a failure."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pillow_heif
import pytest

from barestyle.cli.batch_pairs import find_images
from barestyle.run import record as records
from tests.cli.conftest import QUICK, Program
from tests.conftest import drawing


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """photos/one.png and two.jpg, a text; styles/x.png and y.png."""
    (tmp_path / "photos" / "deep").mkdir(parents=True)
    (tmp_path / "styles").mkdir()
    for number, name in enumerate(
        ("photos/one.png", "photos/two.jpg", "photos/deep/three.png", "styles/x.png", "styles/y.png")
    ):
        drawing(40, 36, number).save(tmp_path / name)
    (tmp_path / "photos" / "notes.txt").write_text("no picture")
    (tmp_path / "photos" / ".hidden.png").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_results_beside_the_photos_are_not_inputs(program: Program, folder: Path) -> None:
    """The same command can be repeated when the results are in the folder of the photos."""
    line = ("batch", "photos", "--styles", "styles/x.png", "--into", "photos", *QUICK, "-q")
    assert program(*line).code == 0
    assert sorted(path.name for path in find_images(["photos"])) == ["one.png", "two.jpg"]
    again = program(*line[:-1])
    assert "0 painted, 2 skipped, 0 failed" in again.out


def test_a_folder_of_a_telephone(program: Program, folder: Path) -> None:
    """Its photographs are images of the folder, and its videos are not."""
    pillow_heif.from_pillow(drawing(40, 36, 7)).save(folder / "photos" / "IMG_1.HEIC", format="HEIF")
    (folder / "photos" / "IMG_1.MOV").write_bytes(b"\0\0\0\x14ftypqt  " + bytes(100))
    outcome = program(
        "batch", "photos", "--styles", "styles/x.png", "--into", "out", "--name", "{content}.avif", *QUICK
    )
    assert "3 painted, 0 skipped, 0 failed" in outcome.out
    assert sorted(path.name for path in Path("out").glob("*.avif")) == ["IMG_1.avif", "one.avif", "two.avif"]


def test_every_photo_in_every_style(program: Program, folder: Path) -> None:
    line = ("batch", "photos", "--styles", "styles", "--into", "new/out", "--name", "{style}/{content}.jpg", *QUICK)
    outcome = program(*line)
    assert outcome.code == 0, outcome.err
    made = sorted(path.relative_to(folder).as_posix() for path in (folder / "new").rglob("*.jpg"))
    assert made == [f"new/out/{style}/{content}.jpg" for style in "xy" for content in ("one", "two")]
    assert "4 painted, 0 skipped, 0 failed" in outcome.out
    single = program("transfer", "photos/one.png", "styles/y.png", "-o", "one.jpg", *QUICK, "-q")
    assert single.code == 0
    assert Path("one.jpg").read_bytes() == Path("new/out/y/one.jpg").read_bytes(), "the same as a single transfer"
    times = {path: path.stat().st_mtime_ns for path in (folder / "new").rglob("*.jpg")}
    again = program(*line)
    assert again.code == 0
    assert "0 painted, 4 skipped, 0 failed" in again.out
    assert times == {path: path.stat().st_mtime_ns for path in times}


def test_a_failed_pair_does_not_stop_the_others(program: Program, folder: Path) -> None:
    (folder / "photos" / "broken.png").write_bytes(b"no picture")
    drawing(3, 200, 1).save(folder / "photos" / "narrow.png")
    outcome = program("batch", "photos", "--styles", "styles/x.png", "--into", "out", *QUICK)
    assert outcome.code == 1
    assert "2 painted, 0 skipped, 2 failed" in outcome.out
    assert "photos/broken.png in the style of styles/x.png: 'photos/broken.png' is not an image" in outcome.out
    assert sorted(path.name for path in (folder / "out").glob("*.png")) == ["one-x.png", "two-x.png"]


def test_other_files_are_not_overwritten(program: Program, folder: Path) -> None:
    (folder / "out").mkdir()
    drawing(9, 9, 1).save(folder / "out" / "one-x.png")
    line = ("batch", "photos", "--styles", "styles/x.png", "--into", "out", *QUICK)
    outcome = program(*line)
    assert outcome.code == 1
    assert "'out/one-x.png' exists and was not made by barestyle" in outcome.err
    other = program(*line, "--seed", "5")
    assert "'out/two-x.png' exists and was made from other inputs or settings" in other.err
    assert program(*line, "--seed", "5", "--force").code == 0
    assert records.find(folder / "out" / "one-x.png").seed == 5


def test_an_interrupted_result_is_painted_again(program: Program, folder: Path) -> None:
    line = ("batch", "photos/one.png", "--styles", "styles/x.png", *QUICK)
    assert program(*line, "-q").code == 0
    whole = records.find(folder / "one-x.png")
    sidecar = folder / "one-x.png.json"
    sidecar.write_text(json.dumps({**json.loads(sidecar.read_text()), "interrupted": True}))
    outcome = program(*line)
    assert "1 painted, 0 skipped, 0 failed" in outcome.out
    assert records.find(folder / "one-x.png").image_sha256 == whole.image_sha256
    assert not records.find(folder / "one-x.png").interrupted


def test_paired_and_refusals(program: Program, folder: Path) -> None:
    outcome = program("batch", "photos", "--styles", "styles", "--paired", "--into", "out", *QUICK, "-q")
    assert outcome.code == 0, outcome.err
    assert sorted(path.name for path in (folder / "out").glob("*.png")) == ["one-x.png", "two-y.png"]
    refused = program("batch", "photos", "--styles", "styles/x.png", "--paired", *QUICK)
    assert refused.code == 2
    assert "--paired needs as many contents as styles, not 2 and 1" in refused.err
    for arguments, words in (
        (("batch", "none", "--styles", "styles"), "there is no file 'none'"),
        (("batch", "photos", "--styles", "styles/x.png,none.jpg"), "there is no file 'none.jpg'"),
        (("batch", "photos", "--styles", "styles", "--into", "photos/one.png"), "cannot be created (File exists)"),
        (("batch", "photos"), "Missing option '--styles'"),
        (
            ("batch", "photos", "--styles", "styles", "--name", "{content}-{style}.xyz"),
            "has no image extension that can be written",
        ),
    ):
        outcome = program(*arguments, *QUICK)
        assert outcome.code == 2
        assert words in outcome.err


def test_no_result_replaces_an_input(program: Program, folder: Path) -> None:
    """Of any pair, also with --force."""
    for name in ("a", "b"):
        for place in ("e1", "e2"):
            (folder / place).mkdir(exist_ok=True)
            drawing(40, 36, len(name + place)).save(folder / place / f"{name}.png")
    before = [(folder / "e2" / f"{name}.png").read_bytes() for name in ("a", "b")]
    line = (
        "batch",
        "e1",
        "--styles",
        "e2/b.png",
        "--styles",
        "e2/a.png",
        "--into",
        "e2",
        "--name",
        "{content}.png",
        "--paired",
    )
    refused = program(*line, "--force", *QUICK)
    assert refused.code == 2
    assert "is also an input" in refused.err
    assert before == [(folder / "e2" / f"{name}.png").read_bytes() for name in ("a", "b")]


def test_invalid_options_are_refused_before_the_first_pair(program: Program, folder: Path) -> None:
    for option, value, words in (
        ("--precision", "half", "precision cannot be 'half'"),
        ("--device", "abacus", "abacus"),
        ("--seed", "-1", "seed cannot be -1"),
        ("--memory", "much", "or auto, not 'much'"),
        ("--set", "start=picture", "start=picture needs an image"),
    ):
        outcome = program("batch", "photos", "--styles", "styles", option, value, *QUICK)
        assert outcome.code == 2
        assert words in outcome.err
        assert outcome.err.count("\n") == 1


def test_a_result_of_another_precision_is_another_result(program: Program, folder: Path) -> None:
    line = ("batch", "photos/one.png", "--styles", "styles/x.png", *QUICK)
    assert program(*line, "--precision", "float32").code == 0
    assert "was made from other inputs or settings" in program(*line, "--precision", "bf16").err


def test_a_record_without_its_picture_is_painted_again(program: Program, folder: Path) -> None:
    line = ("batch", "photos/one.png", "--styles", "styles/x.png", *QUICK)
    assert program(*line).code == 0
    (folder / "one-x.png").unlink()
    assert "1 painted, 0 skipped, 0 failed" in program(*line).out


def test_a_name_that_is_too_long_does_not_stop_the_others(program: Program, folder: Path) -> None:
    drawing(40, 36, 3).save(folder / "photos" / f"{'n' * 150}.png")
    drawing(40, 36, 4).save(folder / "styles" / f"{'m' * 150}.png")
    outcome = program("batch", "photos", "--styles", "styles", "--into", "out", *QUICK)
    assert outcome.code == 1
    assert "8 painted, 0 skipped, 1 failed" in outcome.out


def test_ctrl_c_while_an_image_is_saved_ends_the_batch(folder: Path) -> None:
    code = (
        "import os, signal, sys, barestyle.cli.execute as t; from barestyle.cli import main\n"
        "save = t.save_or_rescue\n"
        "def stopping(*a, **k):\n"
        "    saved = save(*a, **k); os.kill(os.getpid(), signal.SIGINT); return saved\n"
        "t.save_or_rescue = stopping\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    line = ["batch", "photos", "--styles", "styles", "--into", "out", "--precision", "float32", *QUICK]
    done = subprocess.run([sys.executable, "-c", code, *line], capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert "interrupted: 1 painted, 0 skipped, 0 failed, 3 remaining" in done.stderr
    assert not records.find(folder / "out" / "one-x.png").interrupted


def test_ctrl_c_ends_the_batch_with_the_number_of_remaining_pairs(folder: Path) -> None:
    """The signal comes after the first step of the second pair, as from a terminal."""
    code = (
        "import os, signal, sys, barestyle.run.runner as job; from barestyle.cli import main\n"
        "count = 0; run = job.run\n"
        "def stopping(plan, on_progress, **more):\n"
        "    global count; count += 1\n"
        "    def look(progress):\n"
        "        on_progress(progress)\n"
        "        if count == 2: os.kill(os.getpid(), signal.SIGINT)\n"
        "    return run(plan, on_progress=look, **more)\n"
        "job.run = stopping\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    line = ["batch", "photos", "--styles", "styles", "--into", "out", "--precision", "float32", *QUICK]
    done = subprocess.run([sys.executable, "-c", code, *line], capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert "interrupted: 1 painted, 0 skipped, 0 failed, 3 remaining" in done.stderr
    assert sorted(os.listdir("out")) == ["one-x.png", "one-x.png.json", "one-y.png", "one-y.png.json"]
    assert records.find(folder / "out" / "one-y.png").interrupted


def test_ctrl_c_between_two_pairs_tells_what_was_painted(folder: Path) -> None:
    """The signal comes while the images of the second pair are read."""
    code = (
        "import os, signal, sys, barestyle.run.plan as plan; from barestyle.cli import main\n"
        "count = 0; read = plan.prepare\n"
        "def stopping(request):\n"
        "    global count; count += 1\n"
        "    if count == 2: os.kill(os.getpid(), signal.SIGINT)\n"
        "    return read(request)\n"
        "plan.prepare = stopping\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    line = ["batch", "photos", "--styles", "styles", "--into", "out", "--precision", "float32", "--json", *QUICK]
    done = subprocess.run([sys.executable, "-c", code, *line], capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert "interrupted: 1 painted, 0 skipped, 0 failed, 3 remaining" in done.stderr
    result = json.loads(done.stdout)
    assert result["interrupted"]
    assert [pair["state"] for pair in result["results"]] == ["painted"]
    assert sorted(os.listdir("out")) == ["one-x.png", "one-x.png.json"]
