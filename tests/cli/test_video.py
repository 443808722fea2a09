"""`barestyle video`: files and folders in and out, kill -9, Ctrl-C, and bad input."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from barestyle.clips.search_painter import SearchPainter
from barestyle.clips.video_file import VideoFile
from tests.cli.conftest import Program
from tests.clips.cases import pan, read_packets, read_times, to_samples, write_clip
from tests.conftest import drawing

pytest.importorskip("av", reason="av is an extra (video)")
pytest.importorskip("cv2", reason="opencv is an extra (video)")

FRAMES = pan(5, 48, 64)
QUICK = ("--size", "48", "--steps", "1", "--set", "network.channels=4")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a clip with sound and a style."""
    drawing(56, 64, 2).save(tmp_path / "style.png")
    write_clip(tmp_path / "clip.mp4", FRAMES, times=[0, 1, 2, 5, 6], sound="aac")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load(path: Path) -> list[Tensor]:
    return [frame.load() for frame in VideoFile(path).frames()]


def test_a_video_keeps_its_times_and_its_sound(program: Program, folder: Path) -> None:
    outcome = program("video", "clip.mp4", "style.png", "-o", "out.mp4", *QUICK)
    assert outcome.code == 0, outcome.err
    assert "out.mp4  5 frames of 48 x 36 pixels" in outcome.out
    assert "frames/s" in outcome.err
    assert read_times(folder / "out.mp4") == pytest.approx(read_times(folder / "clip.mp4"), abs=1e-4)
    sound = [b"".join(data for _, data in read_packets(folder / name, "audio")) for name in ("clip.mp4", "out.mp4")]
    assert sound[0] == sound[1]
    assert sorted(path.name for path in folder.iterdir()) == ["clip.mp4", "out.mp4", "style.png"]
    refused = program("video", "clip.mp4", "style.png", "-o", "out.mp4", *QUICK)
    assert refused.code == 2
    assert "exists; choose another name, or overwrite it with --force" in refused.err


def test_ranges_json_and_the_default_name(program: Program, folder: Path) -> None:
    arguments = ("--from", "0:00.04", "--to", "0.24", "--every", "2", "--json", "--progress", "json")
    outcome = program("video", "clip.mp4", "style.png", *QUICK, *arguments)
    assert outcome.code == 0, outcome.err
    result = json.loads(outcome.out)
    assert (result["output"], result["frames"], result["errors"]) == ("clip-style.mp4", 2, [])
    assert [json.loads(line)["frame"] for line in outcome.err.splitlines()] == [1, 2]
    assert read_times(folder / "clip-style.mp4") == pytest.approx([0, 0.16], abs=1e-4)


def test_folders_in_and_out(program: Program, folder: Path) -> None:
    (folder / "frames").mkdir()
    for number, frame in enumerate(FRAMES[:3]):
        Image.fromarray(to_samples(frame)).save(folder / "frames" / f"f{number}.png")
    outcome = program("video", "frames", "style.png", "-o", "painted/", *QUICK, "-q")
    assert outcome.code == 0, outcome.err
    assert sorted(path.name for path in (folder / "painted").iterdir()) == ["f0.png", "f1.png", "f2.png"]
    assert not (folder / "painted.resume").exists()
    refused = program("video", "frames", "style.png", "-o", "painted/", *QUICK, "-q")
    assert refused.code == 2
    assert "has 3 files; choose another folder, or write into it with --force" in refused.err
    assert program("video", "frames", "style.png", "-o", "out.mkv", *QUICK, "-q").code == 0
    painted = [Image.open(folder / "painted" / f"f{number}.png") for number in range(3)]
    for image, frame in zip(painted, load(folder / "out.mkv"), strict=True):
        pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None] / 255
        assert float((pixels - frame).abs().mean()) < 0.05


SLOW = """
import sys, time
from pathlib import Path
import barestyle.clips.work_folder as w
add = w.WorkFolder.add
def waiting(self, *arguments):
    add(self, *arguments)
    if self.finished == 2:
        Path("reached").touch()
        time.sleep(60)
w.WorkFolder.add = waiting
from barestyle.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.slow
def test_a_killed_command_continues_at_the_next_frame(program: Program, folder: Path) -> None:
    arguments = ("video", "clip.mp4", "style.png", *QUICK, "-q", "--precision", "float32")
    running = subprocess.Popen([sys.executable, "-c", SLOW, *arguments, "-o", "out.mp4"])
    deadline = time.monotonic() + 60
    while not (folder / "reached").exists():
        assert time.monotonic() < deadline, "timeout"
        time.sleep(0.05)
    running.send_signal(signal.SIGKILL)
    running.wait(timeout=30)
    assert not (folder / "out.mp4").exists()
    refused = program(*arguments, "-o", "out.mp4", "--strength", "0.3")
    assert refused.code == 2
    assert "'out.mp4.resume' has frames of other inputs or options" in refused.err
    before = {path: path.stat().st_mtime_ns for path in (folder / "out.mp4.resume" / "frames").iterdir()}
    assert len(before) == 2
    assert program(*arguments, "-o", "out.mp4").code == 0
    assert not (folder / "out.mp4.resume").exists()
    assert program(*arguments, "-o", "whole.mp4").code == 0
    for one, other in zip(load(folder / "out.mp4"), load(folder / "whole.mp4"), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_the_first_interrupt_keeps_what_is_finished(
    program: Program, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paint, count = SearchPainter.paint, 0

    def interrupted(self: SearchPainter, frame: Tensor, *, is_first_of_shot: bool) -> Tensor:
        nonlocal count
        count += 1
        if count == 2:
            signal.raise_signal(signal.SIGINT)
        return paint(self, frame, is_first_of_shot=is_first_of_shot)

    monkeypatch.setattr(SearchPainter, "paint", interrupted)
    outcome = program("video", "clip.mp4", "style.png", "-o", "out.mp4", *QUICK)
    assert outcome.code == 130
    assert "the finished frames are kept" in outcome.err
    assert "interrupted: 2 frames finished; repeat the command to continue" in outcome.err
    assert not (folder / "out.mp4").exists()
    outcome = program("video", "clip.mp4", "style.png", "-o", "out.mp4", *QUICK)
    assert (outcome.code, count) == (0, 5)
    assert len(load(folder / "out.mp4")) == 5


def test_a_damaged_video_gives_what_can_be_read_and_exit_code_1(program: Program, folder: Path) -> None:
    clip = write_clip(folder / "a.mp4", pan(30, 48, 64))
    data = clip.read_bytes()
    clip.write_bytes(data[: len(data) * 7 // 10])
    outcome = program("video", "a.mp4", "style.png", "-o", "out.mp4", *QUICK, "-q")
    assert outcome.code == 1
    assert outcome.err.count("\n") == 1
    assert "'a.mp4' is" in outcome.err
    assert 0 < len(load(folder / "out.mp4")) < 30


def test_a_changing_size_ends_the_result_there(program: Program, folder: Path) -> None:
    parts = [write_clip(folder / f"{side}.h264", pan(3, side, 64)).read_bytes() for side in (48, 64)]
    (folder / "joined.h264").write_bytes(b"".join(parts))
    outcome = program("video", "joined.h264", "style.png", "-o", "out.mp4", *QUICK, "-q")
    assert outcome.code == 1
    assert "change from 64 x 48 to 64 x 64 pixels" in outcome.err
    assert 1 <= len(load(folder / "out.mp4")) <= 3


def test_an_unknown_codec_is_one_sentence(program: Program, folder: Path) -> None:
    data = write_clip(folder / "a.mkv", FRAMES).read_bytes()
    (folder / "a.mkv").write_bytes(data.replace(b"V_MPEG4/ISO/AVC", b"V_QUICK/ISO/XYZ"))
    outcome = program("video", "a.mkv", "style.png", "-o", "out.mp4", *QUICK)
    assert outcome.code == 2
    assert "has a codec that this build of av cannot decode" in outcome.err
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("missing.mp4", "style.png"), "'missing.mp4' cannot be read (No such file or directory)"),
        (("style.png", "style.png", "-o", "a.mp4"), "has only one frame here"),
        (("clip.mp4", "style.png", "-o", "a.avi"), "use one of .mp4, .m4v, .mov, .mkv, .webm, or name a folder"),
        (("clip.mp4", "style.png", "-o", "clip.mp4", "--force"), "is also an input"),
        (("clip.mp4", "style.png", "--from", "1:75"), "--from must be a time in seconds"),
        (("clip.mp4", "style.png", "--from", "2", "--to", "1"), "it must end after it begins"),
        (("clip.mp4", "style.png", "--from", "90"), "has no frame in this range"),
        (("clip.mp4", "style.png", "--preset", "paper"), "add --set optimizer=lbfgs"),
        (("clip.mp4", "style.png", "--size", "20"), "needs at least"),
        (("clip.mp4", "style.png", "--quiet", "--progress", "bar"), "leave one of them out"),
        (("clip.mp4", "style.png", "-o", "no/such/"), "there is no folder"),
    ],
)
def test_bad_input_is_one_sentence(program: Program, folder: Path, arguments: tuple[str, ...], message: str) -> None:
    outcome = program("video", *arguments)
    assert outcome.code == 2
    assert message in outcome.err
    assert outcome.err.count("\n") == 1
    assert sorted(path.name for path in folder.iterdir()) == ["clip.mp4", "style.png"]
