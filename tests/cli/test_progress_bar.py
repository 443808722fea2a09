"""The progress of a run in words."""

from __future__ import annotations

import pytest

from barestyle import Progress
from barestyle.cli.progress_bar import LinePrinter, format_duration, format_progress


def progress(step: int, *, restarts: int = 0, done: float = 0.5) -> Progress:
    return Progress(step, 60, done, 33, 0.01234, {}, 1.0, 90.0, restarts, lambda: None)  # type: ignore[arg-type,return-value]


def test_progress_in_words() -> None:
    assert format_progress(progress(30)) == "33 evaluations, loss 0.01234, up to 1 min 30 s left"
    assert format_progress(progress(30, restarts=2, done=0)) == "33 evaluations, loss 0.01234, restart 2"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.4, "59 s"), (61, "1 min 1 s"), (3599, "59 min 59 s"), (7500, "2 h 5 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


def test_a_run_prints_about_ten_lines(capsys: pytest.CaptureFixture[str]) -> None:
    show = LinePrinter(60)
    for step in range(61):
        show(progress(step))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 11
    assert lines[1].startswith("step 6/60, 33 evaluations")
