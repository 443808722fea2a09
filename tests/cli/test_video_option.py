"""`--video`: its frames, also after Ctrl-C, and that a failing video does not cost the image."""

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


def load(name: str) -> Image.Image:
    with Image.open(name) as image:
        return image.convert("RGB")


def frames(file: Path) -> list[np.ndarray]:
    with Image.open(file) as video:
        return [np.asarray(frame.convert("RGB"), np.int16) for frame in ImageSequence.Iterator(video)]


def test_the_video_goes_from_the_photo_to_the_result(program: Program, folder: Path) -> None:
    assert program("transfer", "content.png", "style.jpg", "-o", "plain.png", *QUICK).code == 0
    outcome = program("transfer", "content.png", "style.jpg", "-o", "out.png", "--video", "video.gif", *QUICK)
    assert outcome.code == 0, outcome.err
    shown = frames(folder / "video.gif")
    first, last = (
        np.asarray(load(name).resize((48, 36), Image.Resampling.BICUBIC), np.int16)
        for name in ("content.png", "out.png")
    )
    for frame, near, far in ((shown[0], first, last), (shown[-1], last, first)):
        assert np.abs(frame - near).mean() < np.abs(frame - far).mean()
    assert 5 < len(shown) <= 11
    plain, filmed = (np.asarray(load(name)) for name in ("plain.png", "out.png"))
    assert np.array_equal(plain, filmed), "a video does not change the image"


@pytest.mark.slow
def test_a_stopped_run_leaves_the_video_so_far(folder: Path) -> None:
    endless = ["--size", "48", "--steps", "100000", "--set", "optimizer.patience=100000", "--set", "scales=single"]
    arguments = ["transfer", "content.png", "style.jpg", "-o", "out.png", "--video", "video.gif", *endless]
    running = subprocess.Popen([sys.executable, "-m", "barestyle", *arguments], stderr=subprocess.PIPE, text=True)
    assert running.stderr is not None
    assert " steps, about " in running.stderr.readline()
    assert running.stderr.readline().startswith("step 0/")
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=60)
    assert running.returncode == 130
    assert frames(folder / "video.gif")
    assert not list(folder.glob(".*.part"))


DISK_FULL = OutputError("'video.gif' cannot be written (No space left on device); free some space")


def test_a_video_that_fails_does_not_cost_the_image(
    program: Program, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = itertools.count()
    add = VideoWriter.add

    def add_three(self: VideoWriter, image: object) -> None:
        if next(count) == 3:
            raise DISK_FULL
        add(self, image)  # type: ignore[arg-type]

    monkeypatch.setattr(VideoWriter, "add", add_three)
    check_image_without_video(program)


def test_a_video_that_cannot_be_completed_does_not_cost_the_image(
    program: Program, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave = VideoWriter.__exit__

    def leave_and_fail(self: VideoWriter, *arguments: object) -> None:
        leave(self, *arguments)  # type: ignore[arg-type]
        raise DISK_FULL

    monkeypatch.setattr(VideoWriter, "__exit__", leave_and_fail)
    check_image_without_video(program)


def check_image_without_video(program: Program) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        outcome = program("transfer", "content.png", "style.jpg", "-o", "out.png", "--video", "video.gif", *QUICK[:-1])
    assert outcome.code == 0
    assert "note: 'video.gif' cannot be written" in outcome.err
    assert "the run continues without a video" in outcome.err
    with Image.open("out.png") as image:
        assert image.size == (48, 36)


@pytest.mark.parametrize(
    ("video", "words"),
    [
        ("video.avi", "has no video extension that can be written; use one of .mp4, .gif"),
        ("there.gif", "'there.gif' exists; choose another name, or overwrite it with --force"),
        ("nowhere/video.gif", "cannot write to the folder 'nowhere'"),
    ],
)
def test_videos_that_cannot_be_written_are_refused(program: Program, folder: Path, video: str, words: str) -> None:
    (folder / "there.gif").write_bytes(b"mine")
    outcome = program("transfer", "content.png", "style.jpg", "-o", "out.png", "--video", video, *QUICK)
    assert outcome.code == 2
    assert words in outcome.err
    assert not (folder / "out.png").exists()
    assert (folder / "there.gif").read_bytes() == b"mine"


@pytest.mark.parametrize("video", ["content.gif", "link/content.gif", "alias.gif"])
def test_a_video_does_not_replace_an_input(program: Program, folder: Path, video: str) -> None:
    """Under any path, also with --force."""
    load("content.png").save("content.gif")
    (folder / "link").symlink_to(folder)
    (folder / "alias.gif").symlink_to("content.gif")
    before = Path("content.gif").read_bytes()
    outcome = program("transfer", "content.gif", "style.jpg", "-o", "out.png", "--video", video, "-f", *QUICK)
    assert outcome.code == 2
    assert "is also another file of the run" in outcome.err
    assert Path("content.gif").read_bytes() == before
