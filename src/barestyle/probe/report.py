"""The results of probes as tables and plots."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from barestyle.atomic_files import write_atomically
from barestyle.errors import RecordError
from barestyle.plots.svg import new_figure
from barestyle.probe.declaration import ProbeStudy
from barestyle.probe.features import KINDS
from barestyle.probe.measure import HEAD, Accuracy
from barestyle.probe.verdicts import choose_layer, judge_probes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GRID = {"color": "black", "alpha": 0.15, "linewidth": 0.6}
WIDTH, HEIGHT = 900, 380
KIND_TITLES = {"means": "means", "moments": "moments", "whitened": "whitened moments"}


def format_accuracies(accuracies: Sequence[Accuracy]) -> str:
    """Return every accuracy as a line of a CSV file."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, [field.name for field in fields(Accuracy)], lineterminator="\n")
    writer.writeheader()
    shares = ("accuracy", "validation")
    writer.writerows({**asdict(e), **{name: f"{getattr(e, name):.5f}" for name in shares}} for e in accuracies)
    return buffer.getvalue()


def read_accuracies_file(path: Path) -> list[Accuracy]:
    """Return the accuracies of a CSV file; empty if there is none. Raises RecordError for another file."""
    if not path.exists():
        return []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return [
                Accuracy(
                    row["probe"],
                    row["kind"],
                    int(row["layer"]),
                    int(row["number"]),
                    int(row["seed"]),
                    float(row["accuracy"]),
                    float(row["validation"]),
                )
                for row in csv.DictReader(file)
            ]
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise RecordError(f"{str(path)!r} is not a table of probes ({error}); move it away") from None


def format_table(study: ProbeStudy, accuracies: Sequence[Accuracy]) -> str:
    """Return a Markdown table of the accuracy of every probe and kind in percent, at the layer chosen by validation."""
    kinds = [kind for kind in (*KINDS, HEAD) if any(each.kind == kind for each in accuracies)]
    lines = ["| probe | " + " | ".join(kinds) + " |", "|---" * (len(kinds) + 1) + "|"]
    for probe in study.probes:
        cells = [_best_text(probe.variant, kind, accuracies) for kind in kinds]
        if any(cells):
            lines.append(f"| {probe.label} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _best_text(probe: str, kind: str, accuracies: Sequence[Accuracy]) -> str:
    """Return mean and standard deviation over seeds at the chosen layer, with the most training images."""
    found = [each for each in accuracies if (each.probe, each.kind) == (probe, kind)]
    if not found:
        return ""
    found = [each for each in found if each.number == max(each.number for each in found)]
    layer = choose_layer(found)
    values = [100 * each.accuracy for each in found if each.layer == layer]
    spread = f" ± {stdev(values):.1f}" if len(values) > 1 else ""
    is_only = len({each.layer for each in found}) == 1
    where = "" if is_only else " (all layers)" if layer == 0 else f" (layer {layer})"
    return f"{fmean(values):.1f}{spread}{where}"


def format_verdicts(study: ProbeStudy, accuracies: Sequence[Accuracy]) -> str:
    """Return a Markdown table of the verdicts on the study's claims."""
    lines = ["| claim | subject | reference | difference in percent | verdict | p |", "|---|---|---|---|---|---|"]
    for verdict in judge_probes(study.claims, accuracies):
        subject, reference = (", ".join(side) for side in (verdict.claim.subject, verdict.claim.reference))
        effect = ""
        if not math.isnan(verdict.effect):
            effect = f"{100 * verdict.effect:+.1f} ({100 * verdict.low:+.1f} to {100 * verdict.high:+.1f})"
        cells = (verdict.claim.statement, subject, reference, effect, f"**{verdict.word}**", f"{verdict.p:.2g}")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def draw_curves(study: ProbeStudy, accuracies: Sequence[Accuracy], kind: str) -> Figure:
    """Return a plot of the accuracy over the number of training images, for every probe at its best layer."""
    plot = new_figure(WIDTH, HEIGHT)
    axes = plot.add_axes((0.07, 0.14, 0.6, 0.8))
    for i, probe in enumerate(study.probes):
        own_kind = "means" if probe.pixels else kind
        found = [each for each in accuracies if (each.probe, each.kind) == (probe.variant, own_kind) and each.layer]
        numbers = sorted({each.number for each in found})
        means, spreads = [], []
        for number in numbers:
            same = [each for each in found if each.number == number]
            values = [100 * each.accuracy for each in same if each.layer == choose_layer(same)]
            means.append(fmean(values))
            spreads.append(stdev(values) if len(values) > 1 else 0.0)
        if numbers:
            style = ("-", "--", ":")[i // 10]
            axes.errorbar(numbers, means, yerr=spreads, color=f"C{i % 10}", linestyle=style, label=probe.label)
    axes.set_xscale("log")
    axes.set_xlabel("training images")
    axes.set_ylabel("accuracy in percent")
    axes.set_title(f"linear classifier on {KIND_TITLES[kind]}, at the layer chosen by validation", fontsize=10)
    axes.grid(**GRID)  # type: ignore[arg-type]
    axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), frameon=False, fontsize=8)
    return plot


def draw_layers(study: ProbeStudy, accuracies: Sequence[Accuracy], kind: str) -> Figure:
    """Return a plot of the accuracy over the layer, with the most training images."""
    plot = new_figure(WIDTH, HEIGHT)
    axes = plot.add_axes((0.07, 0.14, 0.6, 0.8))
    for i, probe in enumerate(study.probes):
        found = [each for each in accuracies if (each.probe, each.kind) == (probe.variant, kind) and each.layer]
        largest = max((each.number for each in found), default=0)
        layers = sorted({each.layer for each in found})
        values = [[100 * e.accuracy for e in found if (e.layer, e.number) == (layer, largest)] for layer in layers]
        if layers:
            spreads = [stdev(each) if len(each) > 1 else 0.0 for each in values]
            means = [fmean(each) for each in values]
            style = ("-", "--", ":")[i // 10]
            marker = "o" if len(layers) == 1 else ""
            axes.errorbar(
                layers, means, yerr=spreads, color=f"C{i % 10}", linestyle=style, marker=marker, label=probe.label
            )
    axes.set_xlabel("layer")
    axes.set_xticks(range(1, 6))
    axes.set_ylabel("accuracy in percent")
    title = "trained head above frozen layers" if kind == HEAD else f"linear classifier on {KIND_TITLES[kind]}"
    axes.set_title(title, fontsize=10)
    axes.grid(**GRID)  # type: ignore[arg-type]
    axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), frameon=False, fontsize=8)
    return plot


def write_probe_report(study: ProbeStudy, accuracies: Sequence[Accuracy], folder: Path) -> list[Path]:
    """Write the plots as PNG and SVG, and the tables as Markdown. Raises OutputError."""
    from matplotlib import rc_context

    kinds = {each.kind for each in accuracies}
    plots = {f"curves-{kind}": draw_curves(study, accuracies, kind) for kind in KINDS if kind in kinds}
    plots |= {f"layers-{kind}": draw_layers(study, accuracies, kind) for kind in (*KINDS, HEAD) if kind in kinds}
    written = []
    for name, plot in plots.items():
        for extension in ("svg", "png"):
            buffer = io.BytesIO()
            metadata = {"Date": None} if extension == "svg" else {"Software": None}
            with rc_context({"svg.hashsalt": name}):
                plot.savefig(buffer, format=extension, facecolor="white", dpi=110, metadata=metadata)
            write_atomically(folder / f"{name}.{extension}", buffer.getvalue())
            written.append(folder / f"{name}.{extension}")
    text = format_table(study, accuracies) + "\n" + format_verdicts(study, accuracies)
    write_atomically(folder / "tables.md", text.encode())
    return [*written, folder / "tables.md"]
