"""Loss curves of a figure's variants."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence

import matplotlib as mpl
from matplotlib.figure import Figure

SIZE = (8.4, 2.9)
"""Inches."""


def loss_curves(traces: Mapping[str, Mapping[str, Sequence[float]]]) -> str:
    """An SVG with a panel for each optimizer and a line for each label: loss / loss at the start, over the search.

    `traces` has the losses by optimizer and label; losses that are not positive cannot be drawn and are left out.
    """
    mpl.rcParams["svg.hashsalt"] = "barestyle"  # the same study gives the same page
    figure = Figure(figsize=SIZE, layout="constrained")
    panels = figure.subplots(1, max(len(traces), 1), sharey=True, squeeze=False)[0]
    for axes, (optimizer, lines) in zip(panels, traces.items(), strict=False):
        for label, losses in lines.items():
            if losses and losses[0] > 0:
                share = [100 * i / max(len(losses) - 1, 1) for i in range(len(losses))]
                relative = [loss / losses[0] if loss > 0 else math.nan for loss in losses]
                axes.semilogy(share, relative, label=label, lw=1)
        axes.set_title(optimizer, fontsize=9)
        axes.set_xlabel("% of the search", fontsize=8)
        axes.tick_params(labelsize=7)
        axes.grid(alpha=0.3)
    panels[0].set_ylabel("loss / loss at the start", fontsize=8)
    handles, labels = panels[-1].get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside right center", fontsize=6)
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]
