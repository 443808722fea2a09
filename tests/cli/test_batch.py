"""`barestyle batch`: which pictures it takes, what it names them, and that one that fails stops no other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from barestyle import ImageError, OutputError, SpecError
from barestyle.cli.batch_pairs import named, pairs, pictures
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


def names(paths: list[Path]) -> list[str]:
    return [path.as_posix() for path in paths]


def test_folders_and_patterns_are_the_pictures_in_them(folder: Path) -> None:
    assert names(pictures(["photos"])) == ["photos/one.png", "photos/two.jpg"]
    assert names(pictures(["photos/*.jpg", "photos"])) == ["photos/two.jpg", "photos/one.png"]
    assert names(pictures(["photos/**/*.png"])) == ["photos/deep/three.png", "photos/one.png"]
    assert names(pictures(["photos/notes.txt"])) == ["photos/notes.txt"], "what is named is taken at its word"
    (folder / "photos" / "a[1].png").write_bytes((folder / "photos" / "one.png").read_bytes())
    assert names(pictures(["photos/a[1].png"])) == ["photos/a[1].png"], "a file may look like a pattern"
    for source, words in (("photos/*.gif", "no file matches 'photos/*.gif'"), ("empty", "has no pictures in it")):
        (folder / "empty").mkdir(exist_ok=True)
        with pytest.raises(ImageError) as refusal:
            pictures([source])
        assert words in str(refusal.value)


def test_results_in_a_folder_are_no_photographs(program: Program, folder: Path) -> None:
    """So the same line can be given again where results lie beside photographs."""
    line = ("batch", "photos", "--styles", "styles/x.png", "--into", "photos", *QUICK, "-q")
    assert program(*line).code == 0
    assert names(pictures(["photos"])) == ["photos/one.png", "photos/two.jpg"]
    again = program(*line[:-1])
    assert "0 painted, 2 were there already, 0 failed" in again.out


@given(st.lists(st.text("abc", min_size=1), unique=True, min_size=1), st.lists(st.text("xyz", min_size=1), unique=True))
def test_all_in_all_or_paired(contents: list[str], styles: list[str]) -> None:
    files = [Path(name) for name in contents], [Path(name) for name in styles]
    every = pairs(*files, paired=False, folder=Path("out"), pattern="{content}-{style}.png")
    assert {(pair.content, pair.style) for pair in every} == {(c, s) for c in files[0] for s in files[1]}
    if len(contents) != len(styles):
        with pytest.raises(SpecError, match="cannot be paired"):
            pairs(*files, paired=True, folder=Path("out"), pattern="{number}.png")
        return
    one_each = pairs(*files, paired=True, folder=Path("out"), pattern="{number:03}.png")
    assert [(pair.content, pair.style) for pair in one_each] == list(zip(*files, strict=True))
    assert [pair.output.name for pair in one_each] == [f"{number:03}.png" for number in range(1, len(contents) + 1)]


def test_patterns() -> None:
    assert named("{style}/{content}_{seed}.jpg", content="a", style="b", seed=3) == "b/a_3.jpg"
    for pattern, words in (
        ("{photo}.png", "names {photo}; it takes {content}, {style}"),
        ("{content.png", "is no pattern of names"),
        ("{}.png", "names {}"),
        ("{number:x!}.png", "is no pattern of names"),
    ):
        with pytest.raises(OutputError) as refusal:
            named(pattern, content="a", style="b", number=1)
        assert words in str(refusal.value)
    with pytest.raises(OutputError, match=r"'out/same.png' would be the name of two results"):
        pairs([Path("a"), Path("b")], [Path("x")], paired=False, folder=Path("out"), pattern="same.png")


def test_every_photograph_in_every_style(program: Program, folder: Path) -> None:
    line = ("batch", "photos", "--styles", "styles", "--into", "new/out", "--name", "{style}/{content}.jpg", *QUICK)
    outcome = program(*line)
    assert outcome.code == 0, outcome.err
    made = sorted(path.relative_to(folder).as_posix() for path in (folder / "new").rglob("*.jpg"))
    assert made == [f"new/out/{style}/{content}.jpg" for style in "xy" for content in ("one", "two")]
    assert "4 painted, 0 were there already, 0 failed" in outcome.out
    single = program("transfer", "photos/one.png", "styles/y.png", "-o", "one.jpg", *QUICK, "-q")
    assert single.code == 0
    assert Path("one.jpg").read_bytes() == Path("new/out/y/one.jpg").read_bytes(), "each as if alone"
    times = {path: path.stat().st_mtime_ns for path in (folder / "new").rglob("*.jpg")}
    again = program(*line)
    assert again.code == 0
    assert "0 painted, 4 were there already, 0 failed" in again.out
    assert times == {path: path.stat().st_mtime_ns for path in times}


def test_one_that_fails_stops_no_other(program: Program, folder: Path) -> None:
    (folder / "photos" / "broken.png").write_bytes(b"no picture")
    drawing(3, 200, 1).save(folder / "photos" / "narrow.png")
    outcome = program("batch", "photos", "--styles", "styles/x.png", "--into", "out", *QUICK)
    assert outcome.code == 1
    assert "2 painted, 0 were there already, 2 failed" in outcome.out
    assert "photos/broken.png in styles/x.png: 'photos/broken.png' is not an image" in outcome.out
    assert sorted(path.name for path in (folder / "out").glob("*.png")) == ["one-x.png", "two-x.png"]


def test_another_picture_of_a_results_name_is_left_alone(program: Program, folder: Path) -> None:
    (folder / "out").mkdir()
    drawing(9, 9, 1).save(folder / "out" / "one-x.png")
    line = ("batch", "photos", "--styles", "styles/x.png", "--into", "out", *QUICK)
    outcome = program(*line)
    assert outcome.code == 1
    assert "'out/one-x.png' exists and is no result of barestyle's" in outcome.err
    other = program(*line, "--seed", "5")
    assert "'out/two-x.png' exists and was made from other pictures or settings" in other.err
    assert program(*line, "--seed", "5", "--force").code == 0
    assert records.find(folder / "out" / "one-x.png").seed == 5


def test_what_was_interrupted_is_painted_again(program: Program, folder: Path) -> None:
    line = ("batch", "photos/one.png", "--styles", "styles/x.png", *QUICK)
    assert program(*line, "-q").code == 0
    whole = records.find(folder / "one-x.png")
    sidecar = folder / "one-x.png.json"
    sidecar.write_text(json.dumps({**json.loads(sidecar.read_text()), "interrupted": True}))
    outcome = program(*line)
    assert "1 painted, 0 were there already, 0 failed" in outcome.out
    assert records.find(folder / "one-x.png").image_sha256 == whole.image_sha256
    assert not records.find(folder / "one-x.png").interrupted


def test_paired_and_refused(program: Program, folder: Path) -> None:
    outcome = program("batch", "photos", "--styles", "styles", "--paired", "--into", "out", *QUICK, "-q")
    assert outcome.code == 0, outcome.err
    assert sorted(path.name for path in (folder / "out").glob("*.png")) == ["one-x.png", "two-y.png"]
    refused = program("batch", "photos", "--styles", "styles/x.png", "--paired", *QUICK)
    assert refused.code == 2
    assert "2 photographs cannot be paired with 1 styles" in refused.err
    for arguments, words in (
        (("batch", "none", "--styles", "styles"), "there is no file 'none'"),
        (("batch", "photos", "--styles", "styles/x.png", "none.jpg"), "there is no file 'none.jpg'"),
        (("batch", "photos", "--styles", "styles", "--into", "photos/one.png"), "cannot be made (File exists)"),
        (("batch", "photos"), "Missing option '--styles'"),
        (("batch", "photos", "--styles", "styles", "--name", "{content}-{style}.xyz"), "does not end in a known kind"),
    ):
        outcome = program(*arguments, *QUICK)
        assert outcome.code == 2
        assert words in outcome.err


def test_no_result_replaces_a_picture_that_goes_in(program: Program, folder: Path) -> None:
    """Not even one of another pair, and not with --force."""
    for name in ("a", "b"):
        for place in ("e1", "e2"):
            (folder / place).mkdir(exist_ok=True)
            drawing(40, 36, len(name + place)).save(folder / place / f"{name}.png")
    before = [(folder / "e2" / f"{name}.png").read_bytes() for name in ("a", "b")]
    line = ("batch", "e1", "--styles", "e2/b.png", "e2/a.png", "--into", "e2", "--name", "{content}.png", "--paired")
    refused = program(*line, "--force", *QUICK)
    assert refused.code == 2
    assert "is also an input" in refused.err
    assert before == [(folder / "e2" / f"{name}.png").read_bytes() for name in ("a", "b")]


def test_options_that_no_picture_can_make_right_are_refused_once(program: Program, folder: Path) -> None:
    for option, value, words in (
        ("--precision", "half", "precision cannot be 'half'"),
        ("--device", "abacus", "abacus"),
        ("--seed", "-1", "seed cannot be -1"),
        ("--memory", "much", "memory cannot be 'much'"),
        ("--set", "start=picture", "start=picture needs a picture"),
    ):
        outcome = program("batch", "photos", "--styles", "styles", option, value, *QUICK)
        assert outcome.code == 2
        assert words in outcome.err
        assert outcome.err.count("\n") == 1


def test_other_settings_beside_the_spec_are_other_results(program: Program, folder: Path) -> None:
    line = ("batch", "photos/one.png", "--styles", "styles/x.png", *QUICK)
    assert program(*line, "--precision", "float32").code == 0
    assert "was made from other pictures or settings" in program(*line, "--precision", "bf16").err


def test_a_record_without_its_picture_is_painted_again(program: Program, folder: Path) -> None:
    line = ("batch", "photos/one.png", "--styles", "styles/x.png", *QUICK)
    assert program(*line).code == 0
    (folder / "one-x.png").unlink()
    assert "1 painted, 0 were there already, 0 failed" in program(*line).out


def test_a_name_that_is_too_long_stops_no_other(program: Program, folder: Path) -> None:
    drawing(40, 36, 3).save(folder / "photos" / f"{'n' * 150}.png")
    drawing(40, 36, 4).save(folder / "styles" / f"{'m' * 150}.png")
    outcome = program("batch", "photos", "--styles", "styles", "--into", "out", *QUICK)
    assert outcome.code == 1
    assert "8 painted, 0 were there already, 1 failed" in outcome.out


def test_files_that_only_sound_like_pictures_are_left_out(folder: Path) -> None:
    for name in ("a.pdf", "b.mpg", "c.h5", "d.eps", "e.svg"):
        (folder / "photos" / name).write_bytes(b"no picture")
    assert names(pictures(["photos"])) == ["photos/one.png", "photos/two.jpg"]


def test_ctrl_c_while_a_picture_is_saved_ends_the_batch(folder: Path) -> None:
    code = (
        "import os, signal, sys, barestyle.cli.transfer as t; from barestyle.cli import main\n"
        "saved = t.saved\n"
        "def stopping(*a, **k):\n"
        "    saved(*a, **k); os.kill(os.getpid(), signal.SIGINT)\n"
        "t.saved = stopping\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    line = ["batch", "photos", "--styles", "styles", "--into", "out", *QUICK]
    done = subprocess.run([sys.executable, "-c", code, *line], capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert "interrupted; 1 painted, 0 were there already, 0 failed, 3 are left" in done.stderr
    assert not records.find(folder / "out" / "one-x.png").interrupted


def test_ctrl_c_ends_the_batch_and_says_what_is_left(folder: Path) -> None:
    """After the second picture's first step, from within, as a terminal would."""
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
    line = ["batch", "photos", "--styles", "styles", "--into", "out", *QUICK]
    done = subprocess.run([sys.executable, "-c", code, *line], capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert "interrupted; 1 painted, 0 were there already, 0 failed, 2 are left" in done.stderr
    assert sorted(os.listdir("out")) == ["one-x.png", "one-x.png.json", "one-y.png", "one-y.png.json"]
    assert records.find(folder / "out" / "one-y.png").interrupted
