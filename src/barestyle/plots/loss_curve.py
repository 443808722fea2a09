"""The loss of a run over its steps, as inline SVG: for a notebook, for the page while it runs, and for a report."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from barestyle.plots.svg import new_figure, to_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

ACCENT = "#c5611a"
"""Color of a single curve: a contrast of at least 4 to 1 against white and against #1e1e1e."""

GRID: dict[str, Any] = {"color": "black", "alpha": 0.25, "linewidth": 0.6}

SIZE = (380, 164)
"""Width and height of `draw_loss_curve`, in SVG units of about a pixel."""

LIVE_SIZE = (320, 64)
"""Of `draw_live_curve`."""

PANELS_SIZE = (605, 209)
"""Of `draw_loss_panels`."""

MAX_POINTS = {SIZE: 400, LIVE_SIZE: 160}
"""Most points of a curve; more than 400 would not be visible, and the live curve is sent again and again."""

MAX_LINEAR_RATIO = 4.0
"""The axis is logarithmic if the loss falls to less than a quarter."""

SMALLEST = 1e-45
"""The smallest positive float32, about."""

LARGEST = 1e39
"""Above the largest float32. Matplotlib places ticks beyond the data, which overflows for far larger numbers."""


def draw_loss_curve(losses: Sequence[float]) -> str:
    """Return a plot of losses, which are not negative, over the iterates; "" if there are none.

    The axis is logarithmic where that shows more. Losses that are not finite, or above LARGEST, are left out.
    """
    points = [(iterate, loss) for iterate, loss in enumerate(losses) if 0 <= loss < LARGEST]
    if not points:
        return ""
    values = [loss for _, loss in points]
    low, high = min(values), max(values)
    is_logarithmic = SMALLEST < low < high / MAX_LINEAR_RATIO
    change = " → ".join(format_number(value) for value in dict.fromkeys((values[0], values[-1])))
    scale = "logarithmic" if is_logarithmic else "linear"

    width, height = SIZE
    figure = new_figure(width, height)
    axes = figure.add_axes((42 / width, 38 / height, 332 / width, 100 / height))
    axes.autoscale(False)  # its margins overflow at the limits of floats
    axes.set_xlim(0, max(len(losses) - 1, 1))
    if is_logarithmic:
        axes.set_yscale("log")
        axes.set_ylim(low, high)
    else:
        axes.set_ylim(0, high if high > SMALLEST else 1)
    _plot_with_end(axes, thin(points, MAX_POINTS[SIZE]), ACCENT)
    _label_with_numbers(axes, is_logarithmic, ratio=high / low if is_logarithmic else 1)
    axes.set_title(f"loss {change}", loc="left", fontsize=11)
    axes.set_title(scale, loc="right", fontsize=11, alpha=0.7)
    axes.set_xlabel("iterate", fontsize=11, alpha=0.7)
    return to_svg(figure, f"Loss at {len(losses)} iterates, {change}, {scale} axis")


def draw_live_curve(losses: Sequence[float], steps: int) -> str:
    """Return a small plot of the losses so far, on a logarithmic scale; its width is the whole run of `steps`.

    Return "" for fewer than two losses; those that are not finite are left out. The plot has no labels, and its color
    is the text color of its surroundings.
    """
    points = [(step, math.log10(max(loss, 1e-30))) for step, loss in enumerate(losses) if 0 <= loss < LARGEST]
    if len(points) < 2:
        return ""
    figure = new_figure(*LIVE_SIZE)
    axes = figure.add_axes((0.0125, 0.0625, 0.975, 0.875))
    axes.set_axis_off()
    axes.autoscale(False)
    exponents = [exponent for _, exponent in points]
    axes.set_xlim(0, max(steps, len(losses) - 1))
    axes.set_ylim(min(exponents), max(exponents) if max(exponents) > min(exponents) else min(exponents) + 1)
    _plot_with_end(axes, thin(points, MAX_POINTS[LIVE_SIZE]), "black")
    return to_svg(figure, f"The loss over {len(losses) - 1} steps: {losses[0]:.3g} at the start, {losses[-1]:.3g} now")


def draw_loss_panels(traces: Mapping[str, Mapping[str, Sequence[float]]]) -> str:
    """Return a plot with a panel for each optimizer and a line for each label: loss / first loss, over the run.

    `traces` has the losses by optimizer and label; losses that are not positive cannot be drawn and are left out.
    """
    figure = new_figure(*PANELS_SIZE)
    figure.set_layout_engine("constrained")
    panels = figure.subplots(1, max(len(traces), 1), sharey=True, squeeze=False)[0]
    labels = list(dict.fromkeys(label for lines in traces.values() for label in lines))
    legend: dict[str, Line2D] = {}
    for axes, (optimizer, lines) in zip(panels, traces.items(), strict=False):
        for label, losses in lines.items():
            if losses and losses[0] > 0:
                percent = [100 * i / max(len(losses) - 1, 1) for i in range(len(losses))]
                relative = [loss / losses[0] if loss > 0 else math.nan for loss in losses]
                color = f"C{labels.index(label) % 10}"  # the same in every panel
                (legend[label],) = axes.semilogy(percent, relative, color=color, linewidth=1)
        axes.set_title(optimizer, fontsize=9)
        axes.set_xlabel("% of the run", fontsize=8)
        axes.tick_params(which="both", labelsize=7, length=0)
        axes.patch.set_visible(False)
        axes.grid(**GRID)
    panels[0].set_ylabel("loss / loss at the start", fontsize=8)
    if legend:
        figure.legend(legend.values(), legend.keys(), loc="outside right center", fontsize=6, frameon=False)
    return to_svg(figure, f"Loss relative to the start, for {' and '.join(traces)}" if traces else "No losses yet")


def _plot_with_end(axes: Axes, points: Sequence[tuple[float, float]], color: str) -> None:
    """Plot a line and a dot at its end, which is a line of no length, as markers need definitions elsewhere."""
    xs, ys = zip(*points, strict=True)
    for part, width in ((slice(None), 1.8), (slice(-1, None), 6)):
        x, y = (list(values[part]) * (2 if len(values[part]) == 1 else 1) for values in (xs, ys))
        axes.plot(x, y, color=color, linewidth=width, clip_on=False, solid_capstyle="round", solid_joinstyle="round")


def _label_with_numbers(axes: Axes, is_logarithmic: bool, ratio: float) -> None:
    """Give axes without frame at most six horizontal grid lines at round losses, and whole numbers of iterates."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    axes.patch.set_visible(False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelsize=11, labelcolor=(0, 0, 0, 0.7))
    axes.tick_params(axis="x", pad=6)
    axes.grid(axis="y", **GRID)
    steps = [1, 2, 5, 10]
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=steps, integer=True))
    subdivisions = (1.0, 2.0, 5.0) if ratio < 50 else (1.0,)
    axes.yaxis.set_major_locator(
        LogLocator(subs=subdivisions, numticks=6) if is_logarithmic else MaxNLocator(5, steps=steps)
    )
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: format_number(value)))


def thin(points: Sequence[tuple[float, float]], limit: int) -> Sequence[tuple[float, float]]:
    """Return at most `limit` of the points: the first, the last, and the lowest and highest of each stretch between."""
    if len(points) <= limit:
        return points
    length = math.ceil(len(points) / (limit // 2 - 1))
    selected = {points[0], points[-1]}
    for start in range(0, len(points), length):
        stretch = points[start : start + length]
        selected |= {min(stretch, key=lambda point: point[1]), max(stretch, key=lambda point: point[1])}
    return sorted(selected)


def format_number(value: float) -> str:
    """Return a number with three digits: 0.0252, 98.2, 2.01e6."""
    mantissa, _, exponent = f"{value:.3g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa
