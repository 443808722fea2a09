"""The progress of a clip on standard error."""

from __future__ import annotations

import json

import pytest

from barestyle.cli.clip_progress import SECONDS, format_progress, show_clip_progress
from barestyle.cli.options import ProgressMode
from barestyle.clips.repaint import ClipProgress

HALF = ClipProgress(finished=5, count=10, shots=1, seconds=20.0, frames_per_second=0.25, seconds_left=20.0)


def show(mode: ProgressMode, reports: list[ClipProgress], capsys: pytest.CaptureFixture[str], finished: int = 0) -> str:
    with show_clip_progress(mode, finished=finished, count=10) as report:
        for each in reports:
            report(each)
    return capsys.readouterr().err


def test_the_text_has_the_speed_and_the_time_left() -> None:
    assert format_progress(HALF) == "0.25 frames/s, about 20 s left"
    unknown = ClipProgress(5, None, 1, 20.0, 0.25, None)
    assert format_progress(unknown) == "0.25 frames/s"


def test_plain_lines_are_seldom(capsys: pytest.CaptureFixture[str]) -> None:
    reports = [ClipProgress(number, 10, 1, number * SECONDS / 2, 0.2, 1.0) for number in range(1, 5)]
    lines = show("plain", reports, capsys, finished=3).splitlines()
    assert lines[0] == "continuing after frame 3"
    assert [line.split(",")[0] for line in lines[1:]] == ["frame 1/10", "frame 3/10"]


def test_json_has_a_line_for_every_frame(capsys: pytest.CaptureFixture[str]) -> None:
    data = json.loads(show("json", [HALF], capsys))
    assert data == {
        "frame": 5,
        "frames": 10,
        "shots": 1,
        "frames_per_second": 0.25,
        "seconds": 20.0,
        "seconds_left": 20.0,
    }


def test_none_shows_nothing_and_a_bar_shows_the_frames(capsys: pytest.CaptureFixture[str]) -> None:
    assert show("none", [HALF], capsys) == ""
    assert "5/10" in show("bar", [HALF], capsys)
