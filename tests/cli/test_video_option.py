"""`--film`: what it shows, also of a run that was stopped, and what it must not cost."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from barestyle.errors import OutputError
from barestyle.video import VideoWriter
from tests.cli.conftest import Program

QUICK = (
    "--size",
    "48",
    "--steps",
    "9",
    "--strength",
    "1",
    "--set",
    "network.channels=4",
    "--set",
    "scales=single",
    "-q",
)


@pytest.fixture
def folder(pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("content.png", "style.jpg"):
        (tmp_path / name).write_bytes((pictures / name).read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def opened(name: str) -> Image.Image:
    with Image.open(name) as image:
        return image.convert("RGB")


def frames(file: Path) -> list[np.ndarray]:
    with Image.open(file) as film:
        return [np.asarray(frame.convert("RGB"), np.int16) for frame in ImageSequence.Iterator(film)]


def test_it_goes_from_the_photograph_to_the_result(program: Program, folder: Path) -> None:
    assert program("transfer", "content.png", "style.jpg", "-o", "plain.png", *QUICK).code == 0
    outcome = program("transfer", "content.png", "style.jpg", "-o", "out.png", "--film", "film.gif", *QUICK)
    assert outcome.code == 0, outcome.err
    shown = frames(folder / "film.gif")
    first, last = (
        np.asarray(opened(name).resize((48, 36), Image.Resampling.BICUBIC), np.int16)
        for name in ("content.png", "out.png")
    )
    for frame, near, far in ((shown[0], first, last), (shown[-1], last, first)):
        assert np.abs(frame - near).mean() < np.abs(frame - far).mean()
    assert 5 < len(shown) <= 11
    assert Path("plain.png").read_bytes()[-500:] == Path("out.png").read_bytes()[-500:], "it changes nothing else"


def test_a_stopped_run_leaves_the_film_so_far(folder: Path) -> None:
    endless = ["--size", "48", "--steps", "100000", "--set", "optimizer.patience=100000", "--set", "scales=single"]
    arguments = ["transfer", "content.png", "style.jpg", "-o", "out.png", "--film", "film.gif", *endless]
    running = subprocess.Popen([sys.executable, "-m", "barestyle", *arguments], stderr=subprocess.PIPE, text=True)
    assert running.stderr is not None
    assert running.stderr.readline().startswith("step 0/")
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=60)
    assert running.returncode == 130
    assert frames(folder / "film.gif")
    assert not list(folder.glob(".*.part"))


def test_a_film_that_fails_costs_no_picture(program: Program, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count = itertools.count()
    add = VideoWriter.add

    def filled(self: VideoWriter, picture: object) -> None:
        if next(count) == 3:
            raise OutputError("'film.gif' cannot be written (No space left on device); free some space")
        add(self, picture)  # type: ignore[arg-type]

    monkeypatch.setattr(VideoWriter, "add", filled)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        outcome = program("transfer", "content.png", "style.jpg", "-o", "out.png", "--film", "film.gif", *QUICK[:-1])
    assert outcome.code == 0
    assert "the run goes on, without a film" in outcome.err
    with Image.open("out.png") as image:
        assert image.size == (48, 36)


@pytest.mark.parametrize(
    ("film", "words"),
    [
        ("film.avi", "does not end in a known kind of video; use one of .mp4, .gif"),
        ("there.gif", "'there.gif' exists; choose another name, or overwrite it with --force"),
        ("nowhere/film.gif", "cannot write to the folder 'nowhere'"),
        ("link.gif", "is also another file of the run"),
    ],
)
def test_bad_films_are_refused_before_work(program: Program, folder: Path, film: str, words: str) -> None:
    (folder / "there.gif").write_bytes(b"mine")
    (folder / "link.gif").symlink_to(folder / "out.webp")
    outcome = program("transfer", "content.png", "style.jpg", "-o", "out.webp", "--film", film, *QUICK)
    assert outcome.code == 2
    assert words in outcome.err
    assert not (folder / "out.webp").exists()
    assert (folder / "there.gif").read_bytes() == b"mine"


def test_force_does_not_let_a_film_replace_a_picture_that_goes_in(program: Program, folder: Path) -> None:
    with Image.open("content.png") as image:
        image.save("content.gif")
    before = Path("content.gif").read_bytes()
    outcome = program("transfer", "content.gif", "style.jpg", "-o", "out.png", "--film", "content.gif", "-f", *QUICK)
    assert outcome.code == 2
    assert "is also another file of the run" in outcome.err
    assert Path("content.gif").read_bytes() == before
