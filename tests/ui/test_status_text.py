"""What is said of a job: whole sentences, and a curve that is what it draws."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from barestyle.ui import live_curve as curve
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


def test_a_curve_falls_where_the_loss_does_and_ends_at_its_step() -> None:
    losses = [100.0, 10.0, 1.0, 0.1]
    drawing = curve.drawn(losses, steps=6)
    points = [tuple(map(float, pair.split(","))) for pair in re.findall(r"[\d.]+,[\d.]+", drawing)]
    across = curve.WIDTH - 2 * curve.MARGIN
    assert [x - curve.MARGIN for x, _ in points] == pytest.approx([across * step / 6 for step in range(4)], abs=0.06)
    heights = [y for _, y in points]
    falls = [after - before for before, after in pairwise(heights)]
    assert falls == pytest.approx([falls[0]] * 3, abs=0.11), "equal factors are equal steps down"
    assert falls[0] > 0


@pytest.mark.parametrize("losses", [[], [1.0]])
def test_a_curve_needs_two_points(losses: list[float]) -> None:
    assert curve.drawn(losses, steps=5) == ""


@pytest.mark.parametrize("losses", [[1.0, 1.0], [0.0, 0.0, 0.0], [1.0] * 5000])
def test_a_curve_of_any_losses_is_short_and_stays_inside(losses: list[float]) -> None:
    drawing = curve.drawn(losses, steps=len(losses) - 1)
    points = [tuple(map(float, pair.split(","))) for pair in re.findall(r"[\d.]+,[\d.]+", drawing)]
    assert 2 <= len(points) <= curve.POINTS + 2
    assert all(0 <= x <= curve.WIDTH and 0 <= y <= curve.HEIGHT for x, y in points)
