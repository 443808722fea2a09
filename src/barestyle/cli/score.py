"""`barestyle score`: metrics of a result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from barestyle.cli import options
from barestyle.cli.json_output import print_json
from barestyle.errors import RecordError
from barestyle.limits import MAX_PIXELS

if TYPE_CHECKING:
    from barestyle.metrics import Score
    from barestyle.run.record import Input, Record


def score(
    result: Annotated[Path, typer.Argument(metavar="OUT", help="Image to measure.", show_default=False)],
    content: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The content (default: from the record of OUT).", show_default=False),
    ] = None,
    style: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The style (default: from the record of OUT).", show_default=False),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option("--metric", metavar="NAME", help="Compute only this metric. May be repeated.", show_default=False),
    ] = None,
    trained: options.Trained = None,
    as_json: options.Json = False,
    max_pixels: options.MaxPixels = MAX_PIXELS,
) -> None:
    """Measure how similar a result is to its content and its style, by several metrics."""
    from barestyle import metrics
    from barestyle.run import record as records

    metrics.select(metric)
    files = {"content": content, "style": style}
    has_both = None not in files.values()
    record = find_record(result, is_required=not has_both)
    if record is not None and not has_both:
        folder = result.resolve().parent
        files["content"] = records.locate_input("content", record.content, content, folder)
        files["style"] = records.locate_input("style", select_style(record, style), style, folder)
    content_file, style_file = (file for file in files.values() if file is not None)
    scores = metrics.score(result, content_file, style_file, metrics=metric, weights=trained, max_pixels=max_pixels)
    own = [name for name in scores.values if record is not None and metrics.METRICS[name].favors(record.spec)]
    if as_json:
        print_json({"scores": scores.values, "left_out": scores.left_out, "own_objective": own})
    else:
        print_scores(scores, own)


def find_record(result: Path, *, is_required: bool) -> Record | None:
    """Return the record of a result, or None if it has none. Raise RecordError if one is required."""
    from barestyle.run import record as records

    try:
        return records.find(result)
    except RecordError:
        if is_required:
            raise
        return None


def select_style(record: Record, given: Path | None) -> Input:
    """Return the style to compare with. Raise RecordError if there are several and none is given."""
    if len(record.styles) > 1 and given is None:
        names = ", ".join(Path(style.path).name for style in record.styles if style.path)
        raise RecordError(f"the result has several styles ({names or 'in memory'}); give one of them with --style")
    return record.styles[0]


def print_scores(scores: Score, own: list[str]) -> None:
    """Print a table; a dagger marks the metrics in `own`, which grade the run by the loss that it minimized."""
    from barestyle.metrics import METRICS

    table = Table(box=None, pad_edge=False)
    for heading in ("metric", "value", "better", "what it measures"):
        table.add_column(heading, overflow="fold", justify="right" if heading == "value" else "left")
    for name, value in scores.values.items():
        metric = METRICS[name]
        table.add_row(
            name,
            f"{value:.4g}{' †' if name in own else ''}",
            metric.better,
            f"{metric.label}, against the {metric.reference}",
        )
    console = Console()
    console.print(table)
    if own:
        console.print("† measures what this run minimized, so it does not compare methods fairly", highlight=False)
    for name, reason in scores.left_out.items():
        console.print(f"{name} was left out: {reason}", highlight=False, markup=False, style="dim")
