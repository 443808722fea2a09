"""The progress of a run in words."""

from __future__ import annotations

import pytest

from barestyle import Progress, preset, with_settings
from barestyle.cli.progress_bar import LinePrinter, format_duration, format_progress, format_rounded, show_progress
from barestyle.run.plan import prepare
from barestyle.run.request import Request
from barestyle.run.speed import Speed
from barestyle.run.stage_costs import BUILD_LAYERS, EVALUATIONS_PER_STEP, TARGET_EVALUATIONS
from tests.conftest import drawing


def progress(step: int, *, restarts: int = 0, left: float | None = 24.0) -> Progress:
    return Progress(step, 60, 0.5, 33, 0.01234, {}, 1.0, 90.0, restarts, lambda: None, left)  # type: ignore[arg-type,return-value]


def test_progress_in_words() -> None:
    assert format_progress(progress(30)) == "33 evaluations, loss 0.01234, about 25 s left"
    assert format_progress(progress(30, restarts=2, left=None)) == "33 evaluations, loss 0.01234, restart 2"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 s"), (9.4, "9 s"), (14.8, "15 s"), (57.4, "55 s"), (57.6, "1 min"), (170, "3 min"), (7500, "2 h 5 min")],
)
def test_estimates_are_rounded(seconds: float, text: str) -> None:
    assert format_rounded(seconds) == text


def test_the_estimate_is_printed_before_the_first_step(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    speed = Speed(layer=0.25, float32=1e-30, bf16=1e-30)
    monkeypatch.setattr("barestyle.run.estimate.get_speed", lambda *_: speed)
    spec = with_settings(preset("npnd").spec, {"size": 64, "network.channels": 6, "optimizer.steps": 10})
    plan = prepare(Request(drawing(64, 48, 1), drawing(64, 48, 2), spec))
    with show_progress(plan, mode="none"):
        assert capsys.readouterr().err == ""
    # Five layers, each in the start's evaluation, the style's statistics and ten steps; and the building of objects.
    seconds = 0.25 * (5 + 5 * TARGET_EVALUATIONS + 10 * 5 * EVALUATIONS_PER_STEP + BUILD_LAYERS)
    with show_progress(plan, mode="auto"):
        assert capsys.readouterr().err == f"10 steps, about {format_rounded(seconds)}\n"
    with show_progress(plan, mode="auto", is_resumed=True):
        assert capsys.readouterr().err == ""


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
