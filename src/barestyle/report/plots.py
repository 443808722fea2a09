"""The plots of a report: a forest plot of all claims, a dot plot of each figure, a curve of standard deviations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from barestyle.plots.svg import new_figure
from barestyle.spec.weights import BinaryWeights, DiscreteWeights, DrawnWeights, GaussianWeights, UniformWeights
from barestyle.study.claims import RATIO_MARGIN, STYLE_METRICS
from barestyle.study.declaration import Figure
from barestyle.study.findings import MIN_PAIRS, Finding
from barestyle.study.statistics import mean_interval
from barestyle.study.table import Table
from barestyle.study.verdicts import Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Plot

COLORS = {"supported": "#2f9e44", "contradicted": "#d9480f", "undecided": "#c08a00", "untested": "#868e96"}
"""By verdict: a contrast of at least 3 to 1 against white and against #161616."""

RATIO_TICKS, FOREST_TICKS = (0.25, 0.5, 0.8, 1.0, 1.25, 2.0, 4.0), (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 10.0)
LIMITS = (math.log(0.08), math.log(12.0))
"""Ratios that the forest plot shows; an effect beyond them is drawn at the edge."""

ROW, CLAIM_ROW = 15, 19
"""Heights of a row of a dot plot and of a forest plot, in SVG units."""

LABEL_LENGTH = 74
"""Characters of a claim's statement that fit beside a forest plot."""

WIDTH = 900
DOT = 5
GRID: dict[str, Any] = {"color": "black", "alpha": 0.15, "linewidth": 0.6}


def forest_plot(verdicts: Sequence[Verdict]) -> Plot:
    """Return a plot with a row for each claim and a panel for each optimizer.

    A line is the 95 % interval of an effect, colored by the verdict, with one line for each metric; the gray area is
    the region of practical equivalence. Only claims about ratios of distances are drawn.
    """
    drawn = [verdict for verdict in verdicts if _ratios(verdict)]
    claims = list({verdict.claim.id: verdict.claim for verdict in drawn}.values())
    shown = {verdict.optimizer for verdict in drawn}
    optimizers = [name for name in dict.fromkeys(v.optimizer for v in verdicts) if name in shown] or [""]
    height = 64 + CLAIM_ROW * len(claims)
    plot = new_figure(WIDTH, height)
    width = 0.58 / len(optimizers)
    for column, optimizer in enumerate(optimizers):
        left = 0.41 + column * (width + 0.01)
        axes = plot.add_axes((left, 40 / height, width - 0.01, 1 - 62 / height))
        axes.set_xlim(*LIMITS)
        axes.set_ylim(max(len(claims), 1) - 0.5, -0.5)
        axes.axvspan(-RATIO_MARGIN, RATIO_MARGIN, color="black", alpha=0.08, linewidth=0)
        axes.set_title(optimizer, fontsize=9)
        for verdict in drawn:
            if verdict.optimizer == optimizer:
                _draw_verdict(axes, verdict, claims.index(verdict.claim))
        _label_ratios(axes, FOREST_TICKS)
        if column == 0:
            for y, claim in enumerate(claims):
                _label_row(axes, y, _shorten(claim.statement), "black")
    plot.text(0.41, 6 / height, "distance of the subject / distance of the reference", fontsize=8)
    for i, (word, color) in enumerate(COLORS.items()):
        plot.text(0.005 + 0.095 * i, 6 / height, word, fontsize=9, color=color, weight="bold")
    return plot


def _draw_verdict(axes: Axes, verdict: Verdict, row: int) -> None:
    findings = _ratios(verdict)
    for i, finding in enumerate(findings):
        y = row + 0.26 * (i - (len(findings) - 1) / 2)
        low, high, effect = (min(max(x, LIMITS[0]), LIMITS[1]) for x in (finding.low, finding.high, finding.effect))
        axes.plot([low, high], [y, y], color=COLORS[verdict.word], linewidth=1.2)
        _draw_dot(axes, effect, y, COLORS[verdict.word], 1.0, DOT)


def _shorten(text: str) -> str:
    return text if len(text) <= LABEL_LENGTH else text[: LABEL_LENGTH - 1].rstrip() + "…"


def _label_row(axes: Axes, y: float, text: str, color: str) -> None:
    """Write a label to the left of a row."""
    axes.text(-0.03, y, text, transform=axes.get_yaxis_transform(), ha="right", va="center", fontsize=8, color=color)


def dot_plot(figure: Figure, table: Table) -> Plot:
    """Return a plot with a row for each variant of a figure: its distance to the style on every pair, and the mean.

    Distances are relative to the geometric mean of all variants of the figure on the same pair, with one optimizer in
    one color. There is a panel for each of two metrics of the style.
    """
    metrics = style_metrics(table)
    height = 54 + ROW * len(figure.panels) * len(table.study.optimizers)
    plot = new_figure(WIDTH, height)
    panels = [plot.add_axes((0.27 + 0.37 * i, 34 / height, 0.35, 1 - 54 / height)) for i in range(max(1, len(metrics)))]
    for axes, metric in zip(panels, metrics, strict=False):
        axes.set_title(metric, fontsize=9)
        axes.axvline(0, **GRID)
        _draw_dots(axes, figure, table, metric, with_labels=axes is panels[0])
        _label_ratios(axes)
        axes.set_xlabel("relative to the figure's mean on the pair", fontsize=8)
    return plot


def _draw_dots(axes: Axes, figure: Figure, table: Table, metric: str, *, with_labels: bool) -> None:
    optimizers = [optimizer.name for optimizer in table.study.optimizers]
    rows = [(panel, optimizer) for panel in figure.panels for optimizer in optimizers]
    axes.set_xlim(math.log(0.2), math.log(5.0))
    axes.set_ylim(len(rows) - 0.4, -0.6)
    for optimizer in optimizers:
        values = [table.find_values(panel.variant, optimizer, metric) for panel in figure.panels]
        pairs = set.intersection(*(set(each) for each in values)) if values else set()
        means = {pair: sum(each[pair] for each in values) / len(values) for pair in pairs}
        for panel, each in zip(figure.panels, values, strict=True):
            y = rows.index((panel, optimizer))
            color = f"C{optimizers.index(optimizer)}"
            if with_labels:
                label = f"{panel.label}, {optimizer}"
                _label_row(axes, y, label, color)
            relative = np.array([each[pair] - means[pair] for pair in sorted(pairs)])
            for value in relative:
                _draw_dot(axes, value, y, color, alpha=0.35, size=DOT)
            if len(relative):
                _draw_dot(axes, float(relative.mean()), y, color, alpha=1.0, size=DOT + 4)


def deviation_plot(table: Table) -> Plot | None:
    """Return a plot of the distance to the style over the standard deviation of random weights, or None without any.

    Variants that differ in the distribution of their weights alone are connected; intervals are 95 % of the mean over
    pairs, of values relative to the mean of all these variants on the same pair.
    """
    groups = _deviation_groups(table)
    metrics = style_metrics(table)
    if not groups or not metrics:
        return None
    plot = new_figure(WIDTH, 330)
    panels = plot.subplots(1, len(metrics), squeeze=False)[0]
    plot.subplots_adjust(left=0.07, right=0.99, bottom=0.16, top=0.9, wspace=0.15)
    for axes, metric in zip(panels, metrics, strict=True):
        axes.set_title(metric, fontsize=10)
        for color, (optimizer, points) in enumerate(groups.items()):
            _draw_deviations(axes, table, optimizer, points, metric, f"C{color}")
        axes.set_xscale("log")
        axes.set_xlabel("standard deviation of the weights", fontsize=9)
        axes.grid(**GRID)
        axes.patch.set_visible(False)
        axes.tick_params(which="both", labelsize=8, length=0)
    panels[0].set_ylabel("distance relative to the mean of these variants", fontsize=8)
    return plot


def _draw_deviations(
    axes: Axes, table: Table, optimizer: str, points: Sequence[tuple[float, str]], metric: str, color: str
) -> None:
    values = [(deviation, table.find_values(variant, optimizer, metric)) for deviation, variant in points]
    pairs = sorted(set.intersection(*(set(each) for _, each in values)))
    if len(pairs) < MIN_PAIRS:
        return
    means = {pair: sum(each[pair] for _, each in values) / len(values) for pair in pairs}
    line = []
    for deviation, each in values:
        relative = np.array([each[pair] - means[pair] for pair in pairs])
        low, high = mean_interval(relative)
        axes.plot([deviation] * 2, [math.exp(low), math.exp(high)], color=color, alpha=0.5, linewidth=1.5)
        line.append((deviation, math.exp(float(relative.mean()))))
        x, y = line[-1]
        axes.plot([x, x * 1.001], [y, y], color=color, linewidth=DOT, solid_capstyle="round", snap=False)
    axes.plot(*zip(*line, strict=True), color=color, alpha=0.4, linewidth=1)
    axes.text(*line[-1], f" {optimizer}", color=color, fontsize=8, va="center", ha="right")


def _deviation_groups(table: Table) -> dict[str, list[tuple[float, str]]]:
    """Return, by optimizer, variants that differ in their symmetric random weights alone, by standard deviation."""
    groups: dict[tuple[str, str], list[tuple[float, str]]] = {}
    seen: set[tuple[str, str]] = set()
    for (variant, optimizer), spec in table.specs.items():
        weights = getattr(spec.network, "weights", None)
        deviation = weight_deviation(weights) if isinstance(weights, DrawnWeights) else None
        if deviation is None or (spec.digest, optimizer) in seen:
            continue
        seen.add((spec.digest, optimizer))
        rest = spec.model_copy(update={"network": spec.network.model_copy(update={"weights": BinaryWeights()})})
        groups.setdefault((optimizer, rest.digest), []).append((deviation, variant))
    largest = {}
    for (optimizer, _), points in sorted(groups.items(), key=lambda group: len(group[1])):
        if len(points) > 2:
            largest[optimizer] = sorted(points)
    return largest


def weight_deviation(weights: DrawnWeights) -> float | None:
    """Return the standard deviation of random weights, or None if their mean is not 0."""
    if isinstance(weights, GaussianWeights):
        return weights.std
    if isinstance(weights, UniformWeights):
        return weights.half_width / math.sqrt(3)
    if isinstance(weights, BinaryWeights):
        return weights.magnitude
    return _discrete_deviation(weights)


def _discrete_deviation(weights: DiscreteWeights) -> float | None:
    levels = np.array(weights.levels)
    shares = np.array(weights.probabilities or [1 / len(levels)] * len(levels))
    mean, deviation = float(levels @ shares), float(np.sqrt(levels**2 @ shares))
    return deviation if abs(mean) < 1e-3 * deviation else None


def style_metrics(table: Table) -> list[str]:
    """Return one metric of the study from each group that decides claims about style."""
    found = (next((metric for metric in group if metric in table.metrics), None) for group in STYLE_METRICS)
    return [metric for metric in found if metric is not None]


def _ratios(verdict: Verdict) -> list[Finding]:
    return [finding for finding in verdict.findings if finding.scale == "distance" and finding.is_tested]


def _draw_dot(axes: Axes, x: float, y: float, color: str, alpha: float, size: float) -> None:
    """Draw a dot as a very short line, since markers need definitions elsewhere in an SVG."""
    low, high = axes.get_xlim()
    x = min(max(x, low), high)
    length = (high - low) / 2000
    axes.plot([x, x + length], [y, y], color=color, alpha=alpha, linewidth=size, solid_capstyle="round", snap=False)


def _label_ratios(axes: Axes, ratios: Sequence[float] = RATIO_TICKS) -> None:
    low, high = axes.get_xlim()
    ticks = [ratio for ratio in ratios if low <= math.log(ratio) <= high]
    axes.set_xticks([math.log(ratio) for ratio in ticks], [f"{ratio:g}" for ratio in ticks], fontsize=8)
    axes.set_yticks([])
    axes.tick_params(length=0)
    axes.grid(axis="x", **GRID)
    axes.spines[:].set_visible(False)
    axes.patch.set_visible(False)
