"""`barestyle apply` with a video: frames, times and sound, and an interrupted one."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from barestyle.clips.frame import Selection
from barestyle.clips.open import open_clip
from barestyle.feed_forward import StylePainter, load_style
from barestyle.images import read
from tests.cli.conftest import Program
from tests.clips.cases import pan, write_clip
from tests.conftest import drawing
from tests.feed_forward.cases import make_style


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    make_style().save(tmp_path / "two.style")
    write_clip(tmp_path / "clip.mp4", pan(4, 48, 64), times=[0, 1, 2, 5], sound="aac")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load_frames(path: Path) -> list[torch.Tensor]:
    return [frame.load() for frame in open_clip(path, Selection(0.0, None, 1)).frames()]


def test_a_video_is_painted_frame_by_frame(folder: Path, program: Program) -> None:
    outcome = program("apply", "two.style", "clip.mp4", "-o", "out.mp4")
    assert outcome.code == 0, outcome.err
    assert "out.mp4  4 frames of 64 x 48 pixels" in outcome.out
    assert not (folder / "out.mp4.resume").exists()
    assert len(load_frames(folder / "out.mp4")) == 4


def test_times_and_sound_are_kept(folder: Path, program: Program) -> None:
    import av

    assert program("apply", "two.style", "clip.mp4", "-o", "out.mp4", "-q").code == 0
    times, sounds = [], []
    for name in ("clip.mp4", "out.mp4"):
        with av.open(str(folder / name)) as container:
            times.append([round(frame.time, 3) for frame in container.decode(video=0) if frame.time is not None])
        with av.open(str(folder / name)) as container:
            sounds.append([bytes(packet) for packet in container.demux(audio=0) if packet.size])
    assert times[0] == times[1]
    assert sounds[0] == sounds[1]


def test_a_folder_gets_the_frames(folder: Path, program: Program) -> None:
    assert program("apply", "two.style", "clip.mp4", "-o", "frames/", "-q").code == 0
    painted = sorted((folder / "frames").glob("*.png"))
    assert len(painted) == 4
    first = load_frames(folder / "clip.mp4")[0]
    expected = StylePainter(load_style(folder / "two.style")).paint(first)
    torch.testing.assert_close(read(painted[0]).pixels, expected, atol=0.5 / 255 + 1e-4, rtol=0)


def test_frames_can_be_smaller(folder: Path, program: Program) -> None:
    assert program("apply", "two.style", "clip.mp4", "-o", "out.mp4", "--size", "32", "-q").code == 0
    assert load_frames(folder / "out.mp4")[0].shape == (1, 3, 24, 32)


@pytest.mark.parametrize("arguments", [("--max-pixels", "100"), ("--size", "200", "--max-pixels", "3000")])
def test_large_frames_are_refused(folder: Path, program: Program, arguments: tuple[str, ...]) -> None:
    outcome = program("apply", "two.style", "clip.mp4", "-o", "out.mp4", *arguments)
    assert outcome.code == 2
    assert "more than the limit of" in outcome.err
    assert not (folder / "out.mp4").exists()


def test_some_of_the_frames(folder: Path, program: Program) -> None:
    """At 1, 2 and 5 twenty-fifths of a second are three; every second of them, from the first, are two."""
    arguments = ("--from", "0.04", "--to", "0.21", "--every", "2", "-q")
    assert program("apply", "two.style", "clip.mp4", "-o", "frames/", *arguments).code == 0
    painted = sorted((folder / "frames").glob("*.png"))
    assert len(painted) == 2
    first = load_frames(folder / "clip.mp4")[1]
    expected = StylePainter(load_style(folder / "two.style")).paint(first)
    torch.testing.assert_close(read(painted[0]).pixels, expected, atol=0.5 / 255 + 1e-4, rtol=0)


@pytest.mark.parametrize("arguments", [("--from", "1"), ("--to", "1"), ("--every", "2")])
def test_photos_have_no_frames(folder: Path, program: Program, arguments: tuple[str, ...]) -> None:
    drawing(32, 32, 1).save(folder / "photo.png")
    outcome = program("apply", "two.style", "photo.png", *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert "--from, --to and --every choose frames of a video" in outcome.err


def test_a_video_that_is_missing_is_named(folder: Path, program: Program) -> None:
    outcome = program("apply", "two.style", "none.mp4", "-o", "out.mp4")
    assert (outcome.code, outcome.out) == (2, "")
    assert "there is no file 'none.mp4'; check the path" in outcome.err


def test_a_file_that_is_no_clip_is_refused(folder: Path, program: Program) -> None:
    (folder / "broken.mp4").write_bytes((folder / "clip.mp4").read_bytes()[:200])
    outcome = program("apply", "two.style", "broken.mp4", "-o", "out.mp4")
    assert outcome.code == 2
    assert "'broken.mp4'" in outcome.err
    assert not (folder / "out.mp4").exists()
