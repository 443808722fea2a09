"""`barestyle score`: how good a result is, in numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from barestyle.cli import options
from barestyle.errors import RecordError
from barestyle.spec import MAX_PIXELS

if TYPE_CHECKING:
    from barestyle.metrics import Score
    from barestyle.run.record import Input, Record


def score(
    result: Annotated[Path, typer.Argument(metavar="OUT", help="The picture to judge.", show_default=False)],
    content: Annotated[
        Path | None, typer.Option(help="The picture that was repainted (default: as OUT's record says).")
    ] = None,
    style: Annotated[
        Path | None, typer.Option(help="The picture whose style was taken (default: as OUT's record says).")
    ] = None,
    metric: Annotated[
        list[str] | None, typer.Option("--metric", metavar="M", help="Only this metric; may be repeated.")
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option("--trained", "--weights", metavar="FILE", help="Trained VGG-19, for the metrics that need it."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    max_pixels: options.MaxPixels = MAX_PIXELS,
) -> None:
    """Measure a result against the pictures that it came from."""
    from barestyle import metrics
    from barestyle.run import record as records

    metrics.select(metric)
    files = {"content": content, "style": style}
    named = None not in files.values()
    record = _record(result, needed=not named)
    if record is not None and not named:
        folder = result.resolve().parent
        files["content"] = records.locate_input("content", record.content, content, folder)
        files["style"] = records.locate_input("style", _only_style(record, style), style, folder)
    content_file, style_file = (file for file in files.values() if file is not None)
    found = metrics.score(result, content_file, style_file, metrics=metric, weights=weights, max_pixels=max_pixels)
    own = [name for name in found.values if record is not None and metrics.METRICS[name].favors(record.spec)]
    if as_json:
        print(json.dumps({"scores": found.values, "left out": found.left_out, "own objective": own}, indent=2))
    else:
        _print(found, own)


def _record(result: Path, *, needed: bool) -> Record | None:
    """The result's record; None where there is none and none is needed. Raises RecordError otherwise."""
    from barestyle.run import record as records

    try:
        return records.find(result)
    except RecordError:
        if needed:
            raise
        return None


def _only_style(record: Record, given: Path | None) -> Input:
    """The style to judge by. Raises RecordError where there are several and none of them was named."""
    if len(record.styles) > 1 and given is None:
        names = ", ".join(Path(one.path).name for one in record.styles if one.path)
        raise RecordError(
            f"this picture is in the style of {names or 'several pictures'}; name one of them with --style"
        )
    return record.styles[0]


def _print(found: Score, own: list[str]) -> None:
    """The table; a dagger stands at metrics that grade the run by its own objective."""
    from barestyle.metrics import METRICS

    table = Table(box=None, pad_edge=False)
    for heading in ("metric", "value", "better", "what it measures"):
        table.add_column(heading, overflow="fold", justify="right" if heading == "value" else "left")
    for name, value in found.values.items():
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
        console.print("† grades this run by its own objective", highlight=False)
    for name, reason in found.left_out.items():
        console.print(f"{name} was left out; {reason}", highlight=False, markup=False, style="dim")
