"""Reading video files: colors by their definition, times, rotation, ranges, and what is wrong with a file."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from barestyle.clips.frame import Selection
from barestyle.clips.open import check_frames, open_clip
from barestyle.clips.video_file import VideoFile
from barestyle.errors import VideoError
from tests.clips.cases import pan, write_clip

av = pytest.importorskip("av", reason="av is an extra (video)")

FRAMES = pan(6, 48, 64)
MATRICES = {1: (0.2126, 0.0722), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}
"""Red and blue weights of luma: ITU-R BT.709-6 item 3.2, BT.601-7 table 1, BT.2020-2 table 4."""


def load(path: Path, selection: Selection | None = None) -> list[Tensor]:
    return [frame.load() for frame in VideoFile(path, selection).frames()]


def write_colors(path: Path, color: Tensor, *, matrix: int, is_full: bool, bits: int) -> Path:
    """Write frames of one color, converted by hand, without loss and with tags."""
    red_weight, blue_weight = MATRICES[matrix]
    r, g, b = color.tolist()
    y = red_weight * r + (1 - red_weight - blue_weight) * g + blue_weight * b
    blue, red = (b - y) / (2 - 2 * blue_weight), (r - y) / (2 - 2 * red_weight)
    unit, largest = 2 ** (bits - 8), 2**bits - 1
    levels = (
        [y * largest, 128 * unit + blue * largest, 128 * unit + red * largest]
        if is_full
        else [(16 + 219 * y) * unit, (128 + 224 * blue) * unit, (128 + 224 * red) * unit]
    )
    kind = np.uint8 if bits == 8 else np.uint16
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("ffv1", rate=25)
        stream.height, stream.width, stream.pix_fmt = 32, 48, "yuv420p" if bits == 8 else f"yuv420p{bits}le"
        stream.codec_context.colorspace, stream.codec_context.color_range = matrix, 2 if is_full else 1
        for _ in range(2):
            frame = av.VideoFrame(48, 32, stream.pix_fmt)
            for plane, level in zip(frame.planes, levels, strict=True):
                plane.update(np.full(plane.buffer_size // np.dtype(kind).itemsize, round(level), kind).tobytes())
            frame.colorspace, frame.color_range = matrix, 2 if is_full else 1
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("bits", [8, 10])
@pytest.mark.parametrize("is_full", [False, True])
@pytest.mark.parametrize("matrix", MATRICES)
def test_colors_follow_the_tags(tmp_path: Path, matrix: int, is_full: bool, bits: int) -> None:
    color = torch.tensor([0.9, 0.3, 0.15])
    path = write_colors(tmp_path / "a.mkv", color, matrix=matrix, is_full=is_full, bits=bits)
    expected = color.view(1, 3, 1, 1).expand(1, 3, 32, 48)
    torch.testing.assert_close(load(path)[0], expected, rtol=0, atol=1.8 / (219 * 2 ** (bits - 8)))


def test_ten_bits_are_not_rounded_to_eight(tmp_path: Path) -> None:
    """Two grays that differ by one level of 10 bits, less than half a level of 8."""
    grays = [torch.full((3,), 0.5 + step / 876) for step in (0, 1)]
    one, other = (
        load(write_colors(tmp_path / f"{number}.mkv", gray, matrix=1, is_full=False, bits=10))[0].mean()
        for number, gray in enumerate(grays)
    )
    assert float(other - one) == pytest.approx(1 / 876, rel=0.01)


def test_frames_and_their_times(tmp_path: Path) -> None:
    """A variable frame rate: every frame is shown when the file says, and loads as what was written."""
    times = [0, 40, 50, 200, 230, 400]
    path = write_clip(tmp_path / "a.mp4", FRAMES, times=times, time_base=Fraction(1, 1000))
    clip = VideoFile(path)
    frames = list(clip.frames())
    assert [round(frame.pts * clip.time_base * 1000) for frame in frames] == times
    assert clip.size == (48, 64)
    assert clip.count == 6
    for frame, image in zip(frames, FRAMES, strict=True):
        assert float((frame.load() - image).abs().mean()) < 0.02


@pytest.mark.parametrize("rotation", [90, 180, -90])
def test_rotation_is_applied(tmp_path: Path, rotation: int) -> None:
    """The display matrix turns counterclockwise; NumPy's rot90 does, too."""
    path = write_clip(tmp_path / "a.mp4", FRAMES[:2], rotation=rotation)
    clip = VideoFile(path)
    expected = torch.rot90(FRAMES[0], rotation // 90, dims=(2, 3))
    image = next(clip.frames()).load()
    assert clip.size == tuple(image.shape[-2:]) == tuple(expected.shape[-2:])
    assert float((image - expected).abs().mean()) < 0.02


def test_a_range_and_every_second_frame(tmp_path: Path) -> None:
    frames = pan(20, 48, 64)
    path = write_clip(tmp_path / "a.mp4", frames, options={"crf": "8", "g": "5"})
    clip = VideoFile(path, Selection(0.28, 0.72, 2))
    selected = list(clip.frames())
    assert [frame.pts * clip.time_base for frame in selected] == [Fraction(n, 25) for n in (0, 2, 4, 6, 8, 10)]
    assert [frame.number for frame in selected] == list(range(6))
    for frame, number in zip(selected, (7, 9, 11, 13, 15, 17), strict=True):
        assert float((frame.load() - frames[number]).abs().mean()) < 0.02


@pytest.mark.parametrize("sound", [None, "aac"])
def test_times_count_from_the_start_of_a_file_whose_clock_runs_on(tmp_path: Path, sound: str | None) -> None:
    """Those of the earlier stream, if it has sound."""
    path = write_clip(tmp_path / "a.ts", pan(20, 48, 64), options={"crf": "8", "g": "5"}, sound=sound, start=9)
    with av.open(str(path)) as container:
        start = container.start_time / 1e6
        delay = float(container.streams.video[0].start_time * container.streams.video[0].time_base) - start
    assert start == pytest.approx(9, abs=0.2)
    clip = VideoFile(path)
    times = [float(frame.pts * clip.time_base) for frame in clip.frames()]
    assert times == pytest.approx([delay + number / 25 for number in range(20)], abs=1e-4)
    assert clip.duration == pytest.approx(delay + 0.8, abs=0.05)
    assert clip.count is not None
    assert abs(clip.count - 20) <= 2
    part = VideoFile(path, Selection(delay + 0.19, delay + 0.41))
    assert [float(frame.pts * part.time_base) for frame in part.frames()] == pytest.approx(
        [number / 25 - 0.19 for number in (5, 6, 7, 8, 9, 10)], abs=1e-4
    )
    assert part.count in (5, 6)


def test_a_file_that_is_damaged_in_the_middle_is_read_around_it(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mkv", pan(20, 48, 64), options={"crf": "8", "g": "1"})
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 1500] = bytes(1500)
    path.write_bytes(bytes(data))
    clip = VideoFile(path)
    assert 8 <= len(list(clip.frames())) <= 20
    assert clip.notes
    assert "damaged" in clip.notes[0]


def test_a_file_that_ends_early_is_noticed(tmp_path: Path) -> None:
    """An MP4 with its index at the front, of which half was downloaded."""
    path = write_clip(tmp_path / "a.mp4", pan(30, 48, 64))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 7 // 10])
    clip = VideoFile(path)
    count = len(list(clip.frames()))
    assert 0 < count < 30
    assert len(clip.notes) == 1


def test_frames_that_change_their_size_are_refused_where_they_do(tmp_path: Path) -> None:
    """Two streams in one raw file: a decoder changes its size at the second header."""
    parts = []
    for number, size in enumerate([(48, 64), (64, 96)]):
        part = write_clip(tmp_path / f"{number}.h264", pan(4, *size))
        parts.append(part)
    joined = tmp_path / "joined.h264"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    with pytest.raises(VideoError, match=r"change from 64 x 48 to 96 x 64 pixels"):
        list(VideoFile(joined).frames())


def test_bad_files_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("not a video")
    (tmp_path / "empty.mp4").touch()
    sound = tmp_path / "sound.mp4"
    with av.open(str(sound), "w") as container:
        tone: Any = container.add_stream("aac", rate=8000, layout="mono")
        part = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        part.sample_rate = 8000
        container.mux(tone.encode(part))
        container.mux(tone.encode(None))
    one = write_clip(tmp_path / "one.mp4", FRAMES[:1])
    cases = {
        tmp_path / "missing.mp4": "cannot be read",
        tmp_path / "text.mp4": "cannot be read as a video",
        tmp_path / "empty.mp4": "cannot be read as a video",
        sound: "has no video stream",
        one: "has only one frame here",
    }
    for path, message in cases.items():
        with pytest.raises(VideoError, match=message) as caught:
            check_frames(open_clip(path))
        assert str(caught.value).count("\n") == 0
    several = write_clip(tmp_path / "several.mp4", FRAMES)
    for selection, message in (
        (Selection(5.0), "no frame in this range"),
        (Selection(0.0, 0.05, 3), "only one frame"),
        (Selection(2.0, 1.0), "it must end after it begins"),
    ):
        with pytest.raises(VideoError, match=message):
            check_frames(open_clip(several, selection))
