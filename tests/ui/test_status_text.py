"""The status of a job in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from barestyle.ui import status_text
from barestyle.ui.job_status import FinishedImage, JobStatus, Snapshot


def make_finished_image(title: str = "Balanced", *, seconds: float = 9, interrupted: bool = False) -> FinishedImage:
    file = Path()
    return FinishedImage(
        title,
        picture=file,
        record=file,
        before=file,
        after=file,
        thumbnail=file,
        film=None,
        width=64,
        height=48,
        seconds=seconds,
        interrupted=interrupted,
        curve="",
    )


@pytest.mark.parametrize(
    ("position", "sentence"),
    [
        (0, "Starting."),
        (1, "1 picture ahead of yours in the queue."),
        (2, "2 pictures ahead of yours in the queue."),
    ],
)
def test_positions_in_the_queue(position: int, sentence: str) -> None:
    assert status_text.format_headline(JobStatus(), position, ["Balanced"]) == sentence


def test_a_job_that_is_painted() -> None:
    status = JobStatus("painting", number=1)
    assert status_text.format_headline(status, 0, ["Bold"]) == "Painting."
    assert status_text.format_headline(status, 0, ["Balanced", "Bold"]) == "Painting 2 of 2: Bold."
    assert status_text.format_details(status) == "Analyzing both pictures."
    started = JobStatus("painting", snapshot=Snapshot(0, 250, share=0, seconds=0))
    assert status_text.format_details(started) == "Step 0 of 250"
    halfway = JobStatus("painting", snapshot=Snapshot(100, 250, share=0.5, seconds=30, seconds_left=40))
    assert status_text.format_details(halfway) == "Step 100 of 250, about 40 seconds left"


def test_a_job_that_is_over() -> None:
    def texts(*images: FinishedImage, errors: tuple[str, ...] = ()) -> tuple[str, str]:
        status = JobStatus("done" if images else "failed", images=images, errors=errors)
        return status_text.format_headline(status, 0, []), status_text.format_details(status)

    assert texts(make_finished_image()) == ("Painted in 9 seconds, 64 × 48 pixels.", "")
    stopped = make_finished_image(interrupted=True)
    assert texts(stopped) == ("Stopped after 9 seconds. This is the best version so far, 64 × 48 pixels.", "")
    assert texts(make_finished_image(), stopped, errors=("bold: no",)) == (
        "2 pictures painted in 18 seconds.",
        "Bold: no.",
    )
    assert texts(errors=("first", "second")) == ("First.", "Second.")
    assert texts() == ("Stopped before anything was painted.", "")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "1 second"),
        (9.4, "9 seconds"),
        (89, "89 seconds"),
        (120, "2 minutes"),
        (3580, "1 hour"),
        (3660, "1 hour 1 minute"),
        (7500, "2 hours 5 minutes"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert status_text.format_duration(seconds) == text
