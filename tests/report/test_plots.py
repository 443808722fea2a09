"""The plots of a report: what they show is what the verdicts and the table say."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from matplotlib.lines import Line2D

from barestyle.plots.svg import to_svg
from barestyle.report.plots import COLORS, deviation_plot, dot_plot, forest_plot, style_metrics, weight_deviation
from barestyle.spec.weights import BinaryWeights, DiscreteWeights, DrawnWeights, GaussianWeights, UniformWeights
from barestyle.study.claims import load_claims
from barestyle.study.verdicts import judge
from barestyle.study.yaml_loader import load
from tests.study.tables import make_table, with_pairs


def xs(line: Line2D) -> list[float]:
    """The horizontal positions of a line."""
    return [float(x) for x in np.asarray(line.get_xdata(), dtype=float)]


def test_a_forest_plot_has_a_row_for_each_claim_and_the_color_of_its_verdict() -> None:
    table = make_table(with_pairs(load("fig8"), 8), lambda variant, _: -0.5 * (variant == "gaussian-pyramid"))
    claims = [claim for claim in load_claims() if claim.id == "pyramids"]
    verdicts = judge(claims, table)
    assert {verdict.word for verdict in verdicts} == {"supported"}
    plot = forest_plot(verdicts)
    assert [axes.get_title() for axes in plot.axes] == ["paper", "robust"]
    texts = [text.get_text() for text in plot.axes[0].texts]
    assert texts == [claims[0].statement]
    for axes, verdict in zip(plot.axes, verdicts, strict=True):
        intervals = [line for line in axes.lines if line.get_color() == COLORS["supported"]]
        ends = [sorted(xs(line)) for line in intervals][::2]
        assert ends == [[finding.low, finding.high] for finding in verdict.findings]


def test_effects_beyond_the_axis_are_drawn_at_its_edge() -> None:
    table = make_table(with_pairs(load("fig8"), 8), lambda variant, _: -9.0 * (variant == "gaussian-pyramid"))
    plot = forest_plot(judge([claim for claim in load_claims() if claim.id == "pyramids"], table))
    low, high = plot.axes[0].get_xlim()
    positions = [x for line in plot.axes[0].lines for x in xs(line)]
    assert min(positions) >= low
    assert max(positions) <= high + 0.01


def test_a_dot_plot_has_a_dot_for_every_pair_and_the_mean() -> None:
    study = with_pairs(load("fig8"), 5)
    table = make_table(study, noise=0.1)
    plot = dot_plot(study.figures[0], table)
    assert [axes.get_title() for axes in plot.axes] == style_metrics(table) == ["held-out", "patches"]
    variants, optimizers = len(study.figures[0].panels), len(study.optimizers)
    for axes in plot.axes:
        assert len(axes.lines) == 1 + variants * optimizers * (5 + 1)
    assert len(plot.axes[0].texts) == variants * optimizers


def test_plots_without_results_are_empty_and_valid() -> None:
    study = with_pairs(load("fig8"), 5)
    table = make_table(study, finished_pairs=0)
    for plot in (dot_plot(study.figures[0], table), forest_plot(judge(load_claims(), table))):
        assert to_svg(plot, "title").startswith("<svg")


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        (GaussianWeights(std=0.03), 0.03),
        (UniformWeights(half_width=0.3), 0.3 / math.sqrt(3)),
        (BinaryWeights(magnitude=0.2), 0.2),
        (DiscreteWeights(levels=(-0.1, 0.0, 0.1)), 0.1 * math.sqrt(2 / 3)),
        (DiscreteWeights(levels=(-0.1, 0.0, 0.1), probabilities=(0.25, 0.5, 0.25)), 0.1 * math.sqrt(1 / 2)),
        (DiscreteWeights(levels=(0.0, 0.1)), None),
    ],
)
def test_the_standard_deviation_of_weights(weights: DrawnWeights, expected: float | None) -> None:
    assert weight_deviation(weights) == (None if expected is None else pytest.approx(expected))


def test_the_curve_connects_variants_that_differ_in_their_weights_alone() -> None:
    table = make_table(with_pairs(load("paper"), 6))
    plot = deviation_plot(table)
    assert plot is not None
    (line,) = [line for line in plot.axes[0].lines if len(xs(line)) > 2 and line.get_color() == "C0"]
    deviations = xs(line)
    assert deviations == sorted(deviations)
    assert (deviations[0], deviations[-1]) == (0.015, 0.2)
    assert len(deviations) == 14, "the symmetric random variants of figures 4 and 5"
    assert deviation_plot(make_table(with_pairs(load("fig8"), 6))) is None


def test_inline_plots_take_the_colors_of_the_page() -> None:
    table = make_table(with_pairs(load("fig8"), 8))
    svg = to_svg(forest_plot(judge(load_claims(), table)), "Claims")
    assert "currentColor" in svg
    assert not re.search(r"#000000|<style|\bid=", svg)
    assert "<title>Claims</title>" in svg
