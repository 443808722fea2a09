"""The data of the report page, from a store: figures with their panels, tables with intervals, and verdicts."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np

from barestyle.plots.loss_curve import draw_loss_panels
from barestyle.report.claim_text import view_claims
from barestyle.study.calibration import Rates, calibrate, seed_differences
from barestyle.study.cell import CellResult
from barestyle.study.declaration import Figure, Pair, Variant
from barestyle.study.findings import MIN_PAIRS
from barestyle.study.statistics import FloatArray, mean_interval
from barestyle.study.table import Table
from barestyle.study.verdicts import Verdict

NOT_FINISHED, NOT_SHOWN = "not finished", "not stored"
"""Shown in place of a panel whose cell is not done, or whose image the report does not have."""


@dataclass(frozen=True)
class Panel:
    """The image of a variant on a pair; `cell` is the key of its record, `image` the path of its file or None."""

    letter: str
    label: str
    image: str | None
    cell: str
    note: str


@dataclass(frozen=True)
class Row:
    """The panels of a figure on one pair with one optimizer."""

    optimizer: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class PairSection:
    """A figure on one pair: the content and style image, and a row of panels for each optimizer."""

    name: str
    content: str | None
    style: str | None
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class TableRow:
    """A variant in a figure's table: for each metric, mean and interval as text."""

    label: str
    optimizer: str
    number: int
    texts: tuple[str, ...]


@dataclass(frozen=True)
class FigureView:
    """A figure with everything that the page shows of it."""

    name: str
    title: str
    source: str
    pairs: tuple[PairSection, ...]
    table: tuple[TableRow, ...]
    curves: str


@dataclass(frozen=True)
class ImageFiles:
    """Paths of image files relative to the page, by the cell's key or the input's name; those that it does not have
    are missing."""

    cells: dict[str, str]
    inputs: dict[str, str]


def page_data(
    table: Table, declared: dict[str, Any], verdicts: list[Verdict], images: ImageFiles, plots: dict[str, str]
) -> dict[str, Any]:
    """Return everything that the page's template uses.

    Args:
        table: of the study.
        declared: the store's declaration.
        verdicts: on all claims.
        images: files that the page shows.
        plots: SVG by name: "claims", "deviations", and "figure-NAME".
    """
    study = table.study
    return {
        "study": study,
        "metrics": table.metrics,
        "figures": [_view_figure(figure, table, images) for figure in study.figures],
        "plots": plots,
        **view_claims(verdicts, study),
        "rates": view_rates(table),
        "counts": Counter(result.state for result in table.results),
        "failures": Counter(result.reason for result in table.results if result.state == "failed"),
        "machine": declared["machine"],
        "weights": declared["weights"],
        "records": _to_script(_list_records(table)),
        "specs": _to_script({spec.digest: spec.model_dump(mode="json") for spec in table.specs.values()}),
        "seconds": sum(result.seconds for result in table.results),
    }


def view_rates(table: Table) -> tuple[list[Rates], int]:
    """Return the rates of right and wrong verdicts with the study's own noise, and how many samples they are from."""
    samples = seed_differences(table)
    looks = table.study.all_looks
    is_enough = any(len(sample) >= looks[0] for sample in samples)
    return (calibrate(samples, looks), len(samples)) if is_enough else ([], 0)


def display_name(source: str) -> str:
    """Return an image's name for people: without its kind, or its folder and extension."""
    name = source.split(":", 1)[1] if source.startswith(("photo:", "style:")) else source
    return re.split(r"[\\/]", name)[-1].rsplit(".", 1)[0]


def _view_figure(figure: Figure, table: Table, images: ImageFiles) -> FigureView:
    study = table.study
    first = study.pairs[0].content, study.pairs[0].style
    traces: dict[str, dict[str, tuple[float, ...]]] = {}
    for optimizer in study.optimizers:
        results = {panel.label: table.find_first(panel, optimizer.name, first) for panel in figure.panels}
        traces[optimizer.label] = {label: result.trace for label, result in results.items() if result is not None}
    return FigureView(
        name=figure.figure,
        title=figure.title,
        source=figure.source,
        pairs=tuple(_view_pair(figure, pair, table, images) for pair in study.pairs if not pair.private),
        table=tuple(
            _table_row(panel, optimizer.name, optimizer.label, table)
            for panel in figure.panels
            for optimizer in study.optimizers
        ),
        curves=draw_loss_panels(traces),
    )


def _view_pair(figure: Figure, pair: Pair, table: Table, images: ImageFiles) -> PairSection:
    rows = []
    for optimizer in table.study.optimizers:
        results = [
            (panel, table.find_first(panel, optimizer.name, (pair.content, pair.style))) for panel in figure.panels
        ]
        rows.append(Row(optimizer.label, tuple(_view_panel(panel, result, images) for panel, result in results)))
    return PairSection(
        name=f"{display_name(pair.content)} in the style of {display_name(pair.style)}",
        content=images.inputs.get(pair.content),
        style=images.inputs.get(pair.style),
        rows=tuple(rows),
    )


def _view_panel(variant: Variant, result: CellResult | None, images: ImageFiles) -> Panel:
    if result is None:
        return Panel(variant.letter, variant.label, None, "", NOT_FINISHED)
    note = f"{result.evaluations} evaluations" + (", restarted" if result.restarts else "")
    return Panel(variant.letter, variant.label, images.cells.get(result.cell.key), result.cell.key, note)


def _table_row(variant: Variant, optimizer: str, label: str, table: Table) -> TableRow:
    results = table.find_results(variant.variant, optimizer)
    texts = []
    for metric in table.metrics:
        by_pair = table.find_scores(variant.variant, optimizer, metric)
        values = np.array([fmean(scores) for scores in by_pair.values()])  # the pair is the unit of inference
        mark = " †" if variant.variant in table.favored.get(metric, ()) else ""
        texts.append(_mean_text(values) + mark if len(values) else "")
    return TableRow(variant.label, label, len(results), tuple(texts))


def _mean_text(values: FloatArray) -> str:
    """Return the mean, with its 95% confidence interval if there are enough values."""
    if len(values) < MIN_PAIRS:
        return f"{values.mean():.3g}"
    low, high = mean_interval(values)
    return f"{values.mean():.3g} ({low:.3g} to {high:.3g})"


def _list_records(table: Table) -> dict[str, Any]:
    """Return what the page shows of a done cell when its panel is clicked, by the cell's key."""
    return {
        result.cell.key: {
            "variants": list(result.cell.names),
            "content": display_name(result.cell.content),
            "style": display_name(result.cell.style),
            "seed": result.cell.seed,
            "scores": {name: float(f"{score:.4g}") for name, score in result.scores.items()},
            "evaluations": result.evaluations,
            "restarts": result.restarts,
            "seconds": result.seconds,
            "reason": result.reason,
            "digest": result.cell.spec.digest,
        }
        for result in table.results
        if result.state == "done"
    }


def _to_script(data: dict[str, Any]) -> str:
    """Return JSON that can stand inside a script element."""
    return json.dumps(data, separators=(",", ":")).replace("</", "<\\/")
