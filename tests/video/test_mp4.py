"""MP4 files: color tags, odd sides, the index, FFmpeg's file names, and a missing encoder."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from barestyle.errors import OutputError
from barestyle.video import VideoWriter
from tests.conftest import drawing, planes
from tests.video.playback import difference, drawings, needs_av, play, record


@needs_av
def test_an_odd_side_repeats_its_last_line(tmp_path: Path) -> None:
    video = record(tmp_path / "a.mp4", [planes(drawing(65, 47, seed=3))])
    frame = play(video.path)[0]
    assert frame.shape == (1, 3, 48, 66)
    assert difference(frame[..., 47:, :], frame[..., 46:47, :], pool=1) < 0.01
    assert difference(frame[..., 65:], frame[..., 64:65], pool=1) < 0.01


@needs_av
@pytest.mark.parametrize("color", [(200, 30, 90), (0, 0, 0), (255, 255, 255), (10, 240, 60), (0, 0, 255)])
def test_colors_are_bt709_and_tagged_so(tmp_path: Path, color: tuple[int, int, int]) -> None:
    """Against the definition: ITU-R BT.709-6, items 3.2 to 3.4 with the 8-bit levels of item 4.6."""
    import av

    image = torch.tensor(color).view(1, 3, 1, 1).expand(1, 3, 32, 48) / 255
    video = record(tmp_path / "a.mp4", [image] * 2)
    red, green, blue = (value / 255 for value in color)
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    levels = 16 + 219 * luma, 128 + 224 * (blue - luma) / 1.8556, 128 + 224 * (red - luma) / 1.5748
    with av.open(video.path) as container:
        stream = container.streams.video[0]
        frame = next(container.decode(stream))
        context = stream.codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
        assert stream.average_rate == 25
        # 1 is BT.709 in ITU-T H.273 for the first three, and FFmpeg's number for 16..235.
        tags = (context.color_primaries, context.color_trc, context.colorspace, context.color_range)
        assert [int(tag) for tag in tags] == [1, 1, 1, 1]
        for plane, level in zip(frame.planes, levels, strict=True):
            stored = np.frombuffer(bytes(plane), np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
            assert np.abs(stored - level).max() <= 1


@needs_av
def test_the_index_comes_first(tmp_path: Path) -> None:
    data = record(tmp_path / "a.mp4", drawings(3, 48, 64)).path.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


@needs_av
def test_frames_are_written_as_they_come(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    generator = torch.Generator().manual_seed(0)
    with VideoWriter(path, 96, 128, force=False) as video:
        for _ in range(60):
            video.add(torch.rand(1, 3, 96, 128, generator=generator))
        (temporary,) = tmp_path.iterdir()
        assert temporary != path
        size = temporary.stat().st_size
    assert path.stat().st_size > size > path.stat().st_size / 4
    assert list(tmp_path.iterdir()) == [path]


@needs_av
@pytest.mark.parametrize("name", ["a:b.mp4", "pipe:1.mp4", "%03d.mp4", "-ä b'.MP4"])
def test_names_that_ffmpeg_could_misread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    record(Path(name), drawings(2, 24, 32))
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_missing_package_is_an_error_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)  # what a missing module looks like to `import`
    message = r"\.mp4 needs the package av; run pip install 'barestyle\[video\]', or use \.gif"
    with pytest.raises(OutputError, match=message):
        VideoWriter(tmp_path / "a.mp4", 24, 32, force=False)
    record(tmp_path / "a.gif", drawings(1, 24, 32))


@needs_av
def test_a_missing_encoder_is_an_error_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("av.codecs_available", set())
    with pytest.raises(OutputError, match=r"needs libx264, which this build of av lacks; .* or use \.gif"):
        VideoWriter(tmp_path / "a.mp4", 24, 32, force=False)
