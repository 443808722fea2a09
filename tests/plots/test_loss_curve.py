"""Loss curves: points at their places, round numbers at the axes, and any losses without an error."""

from __future__ import annotations

import math
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from barestyle.plots.loss_curve import (
    LARGEST,
    LIVE_SIZE,
    MAX_POINTS,
    SIZE,
    draw_live_curve,
    draw_loss_curve,
    draw_loss_panels,
)

LEFT, RIGHT, TOP, BOTTOM = 42, 374, 26, 126
"""Edges of the axes of `draw_loss_curve`."""


def line_points(svg: str) -> list[tuple[float, float]]:
    """Return the points of the curve, which is the last line but for the dot at its end."""
    paths = [path.attrib["d"] for path in ET.fromstring(svg).iter("path")]
    points = [tuple(map(float, pair)) for pair in re.findall(r"([\d.]+) ([\d.]+)", paths[-2])]
    assert paths[-1] == "M {0} {1} L {0} {1}".format(*re.findall(r"([\d.]+) ([\d.]+)$", paths[-2])[0])
    return points  # type: ignore[return-value]


def test_losses_are_drawn_to_scale() -> None:
    height, width = BOTTOM - TOP, RIGHT - LEFT
    tenths = line_points(draw_loss_curve([1000, 100, 10, 1]))
    assert [x for x, _ in tenths] == pytest.approx([LEFT + width * third / 3 for third in range(4)], abs=0.05)
    assert [y for _, y in tenths] == pytest.approx([TOP + height * third / 3 for third in range(4)], abs=0.05)
    halves = [y for _, y in line_points(draw_loss_curve([8, 4, 6]))]
    assert halves == pytest.approx([TOP, BOTTOM - height * 4 / 8, BOTTOM - height * 6 / 8], abs=0.05)


@pytest.mark.parametrize(
    ("losses", "labels"),
    [
        ([1000.0, 1.0], {"1", "10", "100", "1e3"}),
        ([2.0e6, 98.2], {"100", "1e3", "1e4", "1e5", "1e6"}),
        ([0.5, 0.02], {"0.02", "0.05", "0.1", "0.2", "0.5"}),
        ([0.5, 0.3], {"0", "0.1", "0.2", "0.3", "0.4", "0.5"}),
        ([7.0, 0.0], {"0", "2", "4", "6"}),
    ],
)
def test_the_axis_has_round_numbers_at_their_places(losses: list[float], labels: set[str]) -> None:
    svg = ET.fromstring(draw_loss_curve(losses))
    names = [text.text or "" for text in svg.iter("text") if float(text.attrib["x"]) < LEFT]
    assert set(names) == labels
    lines = [path.attrib["d"] for path in svg.iter("path") if "stroke-width: 0.6" in path.attrib["style"]]
    heights = [float(line.split()[2]) for line in lines]
    is_logarithmic = max(losses) > 4 * min(losses) > 0
    scale, (high, low) = (np.log, losses) if is_logarithmic else (np.positive, (losses[0], 0.0))
    for name, y in zip(names, heights, strict=True):
        expected = np.interp(scale(float(name)), [scale(low), scale(high)], [BOTTOM, TOP])
        assert y == pytest.approx(expected, abs=0.05)


def test_the_title_says_what_is_drawn() -> None:
    svg = ET.fromstring(draw_loss_curve([0.5, 0.4, 0.25]))
    assert svg.findtext("title") == "Loss at 3 iterates, 0.5 → 0.25, linear axis"
    assert "loss 0.5 → 0.25" in [text.text for text in svg.iter("text")]
    assert "2e-6 → 2.01e6, logarithmic axis" in draw_loss_curve([2e-6, 2_010_000])


def test_a_single_loss_is_a_point() -> None:
    svg = draw_loss_curve([0.25])
    assert set(line_points(svg)) == {(LEFT, TOP)}
    assert "→" not in svg
    assert draw_loss_curve([]) == ""


def test_a_long_run_is_drawn_with_few_points_and_all_its_peaks() -> None:
    losses = [1 + math.exp(-i / 5000) for i in range(100_000)]
    losses[61_803] = 9.0
    points = line_points(draw_loss_curve(losses))
    assert len(points) <= MAX_POINTS[SIZE]
    assert points == sorted(points)
    assert (points[0][0], points[-1][0]) == (LEFT, RIGHT)
    peak = min(points, key=lambda point: point[1])
    assert peak == pytest.approx((LEFT + (RIGHT - LEFT) * 0.61803, TOP), abs=0.06)


LOSSES = st.floats(min_value=0) | st.sampled_from([math.nan, math.inf])


@settings(deadline=None, max_examples=50)
@given(st.lists(LOSSES, min_size=1, max_size=20))
@example([1.0, 9.9e38])
@example([1e-44, 9.9e38])
@example([5e-324, 1.7e308])
def test_any_losses_are_drawn_inside_the_axes(losses: list[float]) -> None:
    svg = draw_loss_curve(losses)
    drawn = [loss for loss in losses if loss < LARGEST]
    assert not re.search(r"\b(nan|inf)\b", svg)
    assert bool(svg) == bool(drawn)
    if svg:
        points = line_points(svg)
        assert len(points) == max(len(drawn), 2)
        for x, y in points:
            assert LEFT <= x <= RIGHT
            assert TOP <= y <= BOTTOM


def test_a_live_curve_falls_with_the_loss_and_ends_at_its_step() -> None:
    points = line_points(draw_live_curve([100.0, 10.0, 1.0, 0.1], steps=6))
    assert [x for x, _ in points] == pytest.approx([4 + 312 * step / 6 for step in range(4)], abs=0.06)
    heights = [y for _, y in points]
    falls = [after - before for before, after in pairwise(heights)]
    assert falls == pytest.approx([falls[0]] * 3, abs=0.11), "equal factors are equal steps down"
    assert falls[0] > 0


@pytest.mark.parametrize("losses", [[], [1.0], [math.inf, 1.0]])
def test_a_live_curve_needs_two_points(losses: list[float]) -> None:
    assert draw_live_curve(losses, steps=5) == ""


@pytest.mark.parametrize(
    "losses", [[1.0, 1.0], [0.0, 0.0, 0.0], [1.0] * 5000, [math.inf, 2.0, 1.0], [2.0, math.nan, 1.0]]
)
def test_a_live_curve_of_any_losses_is_short_and_stays_inside(losses: list[float]) -> None:
    points = line_points(draw_live_curve(losses, steps=len(losses) - 1))
    assert 2 <= len(points) <= MAX_POINTS[LIVE_SIZE]
    width, height = LIVE_SIZE
    assert all(0 <= x <= width and 0 <= y <= height for x, y in points)


def test_a_live_curve_has_the_color_of_its_surroundings_and_a_title() -> None:
    svg = draw_live_curve([4.0, 2.0, 1.0], steps=9)
    assert svg.count("stroke: currentColor") == 2
    assert "<title>The loss over 2 steps: 4 at the start, 1 now</title>" in svg
    assert len(svg) < 1000


def test_panels_have_a_line_for_each_label_in_one_color() -> None:
    traces = {"Adam": {"a": [4.0, 2.0, 1.0], "b": [2.0, 2.0]}, "L-BFGS": {"a": [8.0, 1.0], "c": [0.0, 1.0]}}
    svg = draw_loss_panels(traces)
    assert svg == draw_loss_panels(traces)
    texts = [text.text for text in ET.fromstring(svg).iter("text")]
    assert {"Adam", "L-BFGS", "% of the run", "loss / loss at the start", "a", "b"} <= set(texts)
    assert "c" not in texts, "a loss of zero has no logarithm"
    colors = re.findall(r"stroke: (#[0-9a-f]{6})", svg)
    first, second = "#1f77b4", "#ff7f0e"
    assert sorted(colors) == sorted([first, first, second, first, second]), "three curves and two lines of the legend"
    assert "No losses yet" in draw_loss_panels({})


def test_importing_loads_no_matplotlib() -> None:
    code = "import sys, barestyle.plots.loss_curve; sys.exit('matplotlib' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
