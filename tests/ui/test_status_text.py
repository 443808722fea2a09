"""What is said of a job, in whole sentences."""

from __future__ import annotations

import pytest

from barestyle.ui import status_text as words


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (0, "It is your turn: looking at both pictures."),
        (1, "One picture is before yours; it begins when that one is done."),
        (2, "Two pictures are before yours; it begins when those are done."),
        (12, "12 pictures are before yours; it begins when those are done."),
    ],
)
def test_a_place_in_the_line(place: int, said: str) -> None:
    assert words.waiting(place) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
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
def test_durations(seconds: float, said: str) -> None:
    assert words.duration(seconds) == said
