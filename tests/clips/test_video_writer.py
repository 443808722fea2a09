"""Writing video files: times, sound without encoding it again, colors, and odd sizes."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from barestyle.clips.sound import Sound
from barestyle.clips.video_file import VideoFile
from barestyle.clips.video_writer import FORMATS, TimedFrame, check_encoder, write_video
from barestyle.errors import OutputError
from tests.clips.cases import pan, read_packets, read_times, to_samples, write_clip

pytest.importorskip("av", reason="av is an extra (video)")

FRAMES = pan(6, 48, 64)
TIMES = [0, 40, 50, 200, 230, 400]


def timed(times: list[int]) -> list[TimedFrame]:
    durations = [after - time for time, after in zip(times, [*times[1:], times[-1] + 40], strict=True)]
    return [TimedFrame(to_samples(frame), *place) for frame, *place in zip(FRAMES, times, durations, strict=True)]


@pytest.mark.parametrize("extension", FORMATS)
def test_a_variable_frame_rate_is_kept(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"a{extension}"
    write_video(path, timed(TIMES), time_base=Fraction(1, 1000))
    assert read_times(path) == pytest.approx([time / 1000 for time in TIMES], abs=1e-6)
    for frame, expected in zip(VideoFile(path).frames(), FRAMES, strict=True):
        assert float((frame.load() - expected).abs().mean()) < 0.03


def test_the_file_is_tagged_as_what_it_is(tmp_path: Path) -> None:
    import av

    path = tmp_path / "a.mp4"
    write_video(path, timed(TIMES), time_base=Fraction(1, 1000), pixel_aspect=Fraction(4, 3))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frame = next(container.decode(stream))
        assert isinstance(frame, av.VideoFrame)
        assert (frame.colorspace, frame.color_range, frame.color_primaries, frame.color_trc) == (1, 1, 1, 1)
        assert stream.sample_aspect_ratio == Fraction(4, 3)
    assert VideoFile(path).pixel_aspect == Fraction(4, 3)


@pytest.mark.parametrize(
    ("codec", "source", "target"), [("aac", ".mp4", ".mp4"), ("aac", ".mp4", ".mkv"), ("pcm_s16le", ".mkv", ".mov")]
)
def test_sound_is_copied_bit_for_bit(tmp_path: Path, codec: str, source: str, target: str) -> None:
    """In step with the video: Matroska has no times before 0, where AAC begins, and delays both."""
    original = write_clip(tmp_path / f"in{source}", FRAMES, sound=codec)
    path = tmp_path / f"out{target}"
    write_video(path, timed(TIMES), time_base=Fraction(1, 1000), sound=Sound(original))
    before, after = read_packets(original, "audio"), read_packets(path, "audio")
    assert b"".join(data for _, data in after) == b"".join(data for _, data in before)
    delay = read_times(path)[0]
    if codec == "aac":
        assert [time - delay for time, _ in after] == pytest.approx([time for time, _ in before], abs=0.002)


def test_a_range_of_sound_begins_at_zero(tmp_path: Path) -> None:
    original = write_clip(tmp_path / "in.mp4", FRAMES, sound="aac")
    path = tmp_path / "out.mp4"
    write_video(path, timed(TIMES), time_base=Fraction(1, 1000), sound=Sound(original, 0.25, 0.75))
    before, after = read_packets(original, "audio"), read_packets(path, "audio")
    expected = [(time - 0.25, data) for time, data in before if 0.25 <= time < 0.75]
    assert [data for _, data in after] == [data for _, data in expected]
    assert [time for time, _ in after] == pytest.approx([time for time, _ in expected], abs=0.002)


@pytest.mark.parametrize("start", [0.0, 0.25])
def test_sound_of_a_file_whose_clock_runs_on(tmp_path: Path, start: float) -> None:
    """Its times count from the start of the file, as those of the frames do."""
    import av

    original = write_clip(tmp_path / "in.ts", FRAMES, sound="aac", start=9)
    with av.open(str(original)) as container:
        first = container.start_time / 1e6
    assert first == pytest.approx(9, abs=0.2)
    path = tmp_path / "out.mkv"
    write_video(path, timed(TIMES), time_base=Fraction(1, 1000), sound=Sound(original, start, 0.75))
    expected = [time - first - start for time, _ in read_packets(original, "audio") if start <= time - first < 0.75]
    assert [time for time, _ in read_packets(path, "audio")] == pytest.approx(expected, abs=0.002)


def test_sound_that_the_container_cannot_hold_is_left_out_with_a_note(tmp_path: Path) -> None:
    original = write_clip(tmp_path / "in.mp4", FRAMES, sound="aac")
    path = tmp_path / "out.webm"
    with pytest.warns(UserWarning, match=r"the sound was left out, as a webm file cannot hold its codec aac"):
        write_video(path, timed(TIMES), time_base=Fraction(1, 1000), sound=Sound(original))
    with pytest.raises(StopIteration):
        read_packets(path, "audio")


def test_odd_sides_get_their_last_line_twice(tmp_path: Path) -> None:
    frames = [frame._replace(samples=frame.samples[:47, :63]) for frame in timed(TIMES)]
    path = tmp_path / "a.mkv"
    write_video(path, frames, time_base=Fraction(1, 1000))
    assert VideoFile(path).size == (48, 64)


def test_nothing_is_half_written(tmp_path: Path) -> None:
    def fail() -> object:
        yield timed(TIMES)[0]
        raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="No space left on device"):
        write_video(tmp_path / "a.mp4", fail(), time_base=Fraction(1, 1000))  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_other_extensions_are_refused() -> None:
    with pytest.raises(OutputError, match=r"use one of \.mp4, \.m4v, \.mov, \.mkv, \.webm"):
        check_encoder(Path("a.avi"))
