"""The data of the report page, from a store: figures with their panels, tables with intervals, and verdicts."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from barestyle.plots.loss_curve import draw_loss_panels
from barestyle.report.claim_text import view_claims
from barestyle.report.contact_sheet import embed_image
from barestyle.study.cell import CellResult
from barestyle.study.claims import load_claims
from barestyle.study.declaration import Figure, Optimizer, Pair, Variant
from barestyle.study.findings import MIN_PAIRS
from barestyle.study.load_table import load_table
from barestyle.study.statistics import FloatArray, mean_interval
from barestyle.study.store import Store
from barestyle.study.table import Table
from barestyle.study.verdicts import judge

NOT_FINISHED = "not finished"
"""Shown in place of a panel whose cell is not done."""


@dataclass(frozen=True)
class Panel:
    """The image of a variant on a pair; `cell` is the key of its record, `image` a data URI or None."""

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


def page_data(store: Store) -> dict[str, Any]:
    """Return everything that the page's template uses."""
    table = load_table(store)
    study = table.study
    verdicts = judge(load_claims(study.claims), table)
    return {
        "study": study,
        "metrics": store.declaration["metrics"],
        "figures": [_view_figure(figure, store, table) for figure in study.figures],
        **view_claims(verdicts, study),
        "counts": Counter(result.state for result in table.results),
        "failures": Counter(result.reason for result in table.results if result.state == "failed"),
        "machine": store.declaration["machine"],
        "weights": store.declaration["weights"],
        "records": json.dumps(_list_records(table), separators=(",", ":")).replace("</", "<\\/"),
        "seconds": sum(result.seconds for result in table.results),
    }


def display_name(source: str) -> str:
    """Return an image's name for people: without its kind, or its folder and extension."""
    name = source.split(":", 1)[1] if source.startswith(("photo:", "style:")) else source
    return name.rsplit("/", 1)[-1].rsplit(".", 1)[0]


def _view_figure(figure: Figure, store: Store, table: Table) -> FigureView:
    study = table.study
    traces: dict[str, dict[str, tuple[float, ...]]] = {}
    for optimizer in study.optimizers:
        results = {
            panel.label: table.find_first(panel, optimizer.name, (study.pairs[0].content, study.pairs[0].style))
            for panel in figure.panels
        }
        traces[optimizer.label] = {label: result.trace for label, result in results.items() if result is not None}
    return FigureView(
        name=figure.figure,
        title=figure.title,
        source=figure.source,
        pairs=tuple(_view_pair(figure, pair, store, table) for pair in study.pairs),
        table=tuple(_table_row(panel, optimizer, table) for panel in figure.panels for optimizer in study.optimizers),
        curves=draw_loss_panels(traces),
    )


def _view_pair(figure: Figure, pair: Pair, store: Store, table: Table) -> PairSection:
    rows = []
    for optimizer in table.study.optimizers:
        results = [
            (panel, table.find_first(panel, optimizer.name, (pair.content, pair.style))) for panel in figure.panels
        ]
        rows.append(Row(optimizer.label, tuple(_view_panel(panel, result, store) for panel, result in results)))
    return PairSection(
        name=f"{display_name(pair.content)} in the style of {display_name(pair.style)}",
        content=_embed(store.read_input(pair.content)),
        style=_embed(store.read_input(pair.style)),
        rows=tuple(rows),
    )


def _view_panel(variant: Variant, result: CellResult | None, store: Store) -> Panel:
    if result is None:
        return Panel(variant.letter, variant.label, None, "", NOT_FINISHED)
    image = _embed(store.read_image(result))
    note = f"{result.evaluations} evaluations" + (", restarted" if result.restarts else "")
    return Panel(variant.letter, variant.label, image, result.cell.key, note)


def _embed(image: bytes | None) -> str | None:
    """Return an image as a data URI, or None for one that the store does not have."""
    return None if image is None else embed_image(image)


def _table_row(variant: Variant, optimizer: Optimizer, table: Table) -> TableRow:
    results = table.find_results(variant.variant, optimizer.name).values()
    texts = []
    for metric in table.metrics:
        values = np.array([result.scores[metric] for result in results if metric in result.scores])
        mark = " †" if variant.variant in table.favored.get(metric, ()) else ""
        texts.append(_mean_text(values) + mark if len(values) else "")
    return TableRow(variant.label, optimizer.label, len(results), tuple(texts))


def _mean_text(values: FloatArray) -> str:
    """Return the mean, with its 95 % bootstrap interval if there are enough values."""
    if len(values) < MIN_PAIRS:
        return f"{values.mean():.3g}"
    low, high = mean_interval(values)
    return f"{values.mean():.3g} ({low:.3g} to {high:.3g})"


def _list_records(table: Table) -> dict[str, Any]:
    """Return what the page shows of a done cell when its panel is clicked, by the cell's key."""
    digests = {spec.digest for spec in table.specs.values()}
    return {
        result.cell.key: {
            "content": display_name(result.cell.content),
            "style": display_name(result.cell.style),
            "seed": result.cell.seed,
            "digest": result.cell.spec.digest,
            "spec": result.cell.spec.model_dump(mode="json"),
            "scores": result.scores,
            "evaluations": result.evaluations,
            "restarts": result.restarts,
            "seconds": result.seconds,
            "reason": result.reason,
        }
        for result in table.results
        if result.cell.spec.digest in digests and result.state == "done"
    }
