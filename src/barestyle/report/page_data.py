"""What a page shows, gathered from a store: figures with their panels, tables with intervals, verdicts."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from barestyle.plots.loss_curve import draw_loss_panels
from barestyle.report.contact_sheet import embed_image
from barestyle.study.claims import Claim, claims
from barestyle.study.declaration import Figure, Optimizer, Pair, Study, Variant
from barestyle.study.rows import Row
from barestyle.study.statistics import interval
from barestyle.study.store import Store
from barestyle.study.table import Table
from barestyle.study.verdicts import MIN_SAMPLES, Finding, Verdict, verdicts


@dataclass(frozen=True)
class Panel:
    """A variant's picture on a pair, for the page; `cell` names its record, `image` is None where there is none."""

    letter: str
    label: str
    image: str | None
    cell: str
    note: str


@dataclass(frozen=True)
class Strip:
    """The panels of a figure on one pair under one optimizer."""

    optimizer: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class OnPair:
    """A figure on one pair: the two pictures, and a strip for each optimizer."""

    name: str
    content: str | None
    style: str | None
    strips: tuple[Strip, ...]


@dataclass(frozen=True)
class Line:
    """A variant's row in a table: for each metric, its mean and interval as text."""

    label: str
    optimizer: str
    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Shown:
    """A figure as the page shows it."""

    name: str
    title: str
    source: str
    pairs: tuple[OnPair, ...]
    lines: tuple[Line, ...]
    curves: str


def table_of(store: Store) -> Table:
    """The study's results as a table."""
    return Table(store.declaration, tuple(store.rows()), store.attribute("metrics"), store.attribute("favored"))


def contents(store: Store) -> dict[str, Any]:
    """Everything that the page's template asks for."""
    table = table_of(store)
    study = table.study
    return {
        "study": study,
        "metrics": store.attribute("metrics"),
        "figures": [_figure(figure, store, table) for figure in study.figures],
        **_claims(verdicts(claims(study.claims), table), study),
        "counts": Counter(row.state for row in table.rows),
        "failures": Counter(row.reason for row in table.rows if row.state == "failed"),
        "machine": store.attribute("machine"),
        "weights": store.attribute("weights"),
        "records": json.dumps(_records(table), separators=(",", ":")).replace("</", "<\\/"),
        "seconds": sum(row.seconds for row in table.rows),
    }


def _figure(figure: Figure, store: Store, table: Table) -> Shown:
    study = table.study
    return Shown(
        name=figure.figure,
        title=figure.title,
        source=figure.source,
        pairs=tuple(_on_pair(figure, pair, store, table) for pair in study.pairs),
        lines=tuple(_line(panel, optimizer, table) for panel in figure.panels for optimizer in study.optimizers),
        curves=draw_loss_panels(
            {
                optimizer.label: {
                    panel.label: row.trace
                    for panel in figure.panels
                    if (row := first_row(panel, optimizer, study.pairs[0], table)) is not None
                }
                for optimizer in study.optimizers
            }
        ),
    )


def _on_pair(figure: Figure, pair: Pair, store: Store, table: Table) -> OnPair:
    return OnPair(
        name=f"{short(pair.content)} in {short(pair.style)}",
        content=_embedded(store.input(pair.content)),
        style=_embedded(store.input(pair.style)),
        strips=tuple(
            Strip(
                optimizer.label,
                tuple(_panel(panel, first_row(panel, optimizer, pair, table), store) for panel in figure.panels),
            )
            for optimizer in table.study.optimizers
        ),
    )


def first_row(variant: Variant, optimizer: Optimizer, pair: Pair, table: Table) -> Row | None:
    """The done cell of a variant on a pair with the study's first seed that has one."""
    cells = table.cells(variant.variant, optimizer.name)
    keys = ((pair.content, pair.style, seed) for seed in table.study.seeds)
    return next((cells[key] for key in keys if key in cells), None)


def _panel(variant: Variant, row: Row | None, store: Store) -> Panel:
    if row is None:
        return Panel(variant.letter, variant.label, None, "", "not there yet")
    note = f"{row.evaluations} evaluations" + (", restarted" if row.restarts else "")
    return Panel(variant.letter, variant.label, _embedded(store.picture(row)), row.cell, note)


def _embedded(file: Path | None) -> str | None:
    """A picture for the page; None where another machine has it."""
    return None if file is None else embed_image(file)


def _line(variant: Variant, optimizer: Optimizer, table: Table) -> Line:
    cells = table.cells(variant.variant, optimizer.name)
    texts = []
    for metric in table.metrics:
        values = np.array([row.scores[metric] for row in cells.values() if metric in row.scores])
        mark = " †" if variant.variant in table.favored.get(metric, ()) else ""
        texts.append(_mean_text(values) + mark if len(values) else "")
    return Line(variant.label, optimizer.label, len(cells), tuple(texts))


def _mean_text(values: np.ndarray[Any, np.dtype[np.float64]]) -> str:
    """The mean, and where there are several values its 95 % bootstrap interval."""
    if len(values) < MIN_SAMPLES:
        return f"{values.mean():.3g}"
    low, high = interval(values)
    return f"{values.mean():.3g} ({low:.3g} to {high:.3g})"


def _claims(found: list[Verdict], study: Study) -> dict[str, Any]:
    """Each claim once, with its verdicts under the optimizers that it is tested under, and how many are not.

    Claims on variants that the study does not have are counted, not shown.
    """
    labels = {optimizer.name: optimizer.label for optimizer in study.optimizers}
    grouped: dict[str, dict[str, Any]] = {}
    elsewhere = set()
    for verdict in found:
        if any(study.variant(name.partition("@")[0]) is None for name in verdict.claim.variants):
            elsewhere.add(verdict.claim.id)
            continue
        one = grouped.setdefault(
            verdict.claim.id, {"claim": verdict.claim, "what": _compared(verdict.claim), "verdicts": []}
        )
        one["verdicts"].append(
            {
                "optimizer": labels.get(verdict.optimizer, "as named"),
                "word": verdict.word,
                "findings": [finding_text(finding) for finding in verdict.findings],
            }
        )
    tallies: dict[str, Counter[str]] = {}
    for one in grouped.values():
        for verdict_shown in one["verdicts"]:
            tallies.setdefault(verdict_shown["optimizer"], Counter())[verdict_shown["word"]] += 1
    return {"claims": list(grouped.values()), "claims_elsewhere": len(elsewhere), "tallies": tallies}


def _compared(claim: Claim) -> str:
    """What a claim compares, and how large a difference counts, in words."""
    if claim.kind == "rate" and claim.between is not None:
        return f"share of all drawn searches between {claim.between[0]:.1%} and {claim.between[1]:.1%}"
    subject, reference = ", ".join(claim.subject or ()), ", ".join(claim.reference or ())
    words = {
        "better": "better than",
        "worse": "worse than",
        "no-better": "no better than",
        "equivalent": "equivalent to",
    }[claim.kind]
    best = "the best of " if claim.against == "best" else ""
    size = "; a slight difference counts" if claim.slight else ""
    return f"{subject} {words} {best}{reference}{size}"


def finding_text(finding: Finding) -> str:
    """A finding in words: metric, effect with its interval, p, and how many cells would decide."""
    if math.isnan(finding.effect):
        return f"{finding.metric}: too few to compare ({finding.number} of at least {MIN_SAMPLES})"
    if finding.claim.kind == "rate":
        return (
            f"{finding.effect:.1%} of {finding.number} searches exploded "
            f"(95 % interval {finding.low:.1%} to {finding.high:.1%}){_more(finding)}"
        )
    if finding.metric.endswith("ssim"):
        effect = f"difference {-finding.effect:+.3f} ({-finding.high:+.3f} to {-finding.low:+.3f})"
    else:
        effect = f"ratio {math.exp(finding.effect):.2f} ({math.exp(finding.low):.2f} to {math.exp(finding.high):.2f})"
    p = f"p = {finding.p:.2g}" if finding.verdict != "contradicted" else f"p of the opposite = {finding.p_against:.2g}"
    return f"{finding.metric}: {effect}, d = {finding.standardized:.2f}, {p}, n = {finding.number}{_more(finding)}"


def _more(finding: Finding) -> str:
    undecided = finding.verdict == "undecided" and finding.needed
    return f"; about {finding.needed:,} more cells would decide" if undecided else ""


def _records(table: Table) -> dict[str, Any]:
    """What each shown panel's link opens: the spec, its seed, and how it went."""
    specs = {
        spec.digest: spec
        for variant in table.study.variants()
        for optimizer in table.study.optimizers
        for spec in (table.study.spec(variant, optimizer),)
    }
    return {
        row.cell: {
            "content": short(row.content),
            "style": short(row.style),
            "seed": row.seed,
            "digest": row.digest,
            "spec": specs[row.digest].model_dump(mode="json"),
            "scores": row.scores,
            "evaluations": row.evaluations,
            "restarts": row.restarts,
            "seconds": row.seconds,
            "reason": row.reason,
        }
        for row in table.rows
        if row.digest in specs and row.state == "done"
    }


def short(source: str) -> str:
    """A picture's name for people: without its kind, or its folder and extension."""
    name = source.split(":", 1)[1] if source.startswith(("photo:", "style:")) else source
    return name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
