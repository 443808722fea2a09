"""`barestyle presets`: list the presets, or show the fields of one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from barestyle.cli.completion import complete_preset
from barestyle.presets import DEFAULT_PRESET, PRESETS, Preset, preset
from barestyle.spec.validation import FrozenModel, describe_allowed


def presets(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="PRESET",
            help="Show the fields of this preset.",
            autocompletion=complete_preset,
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print JSON; that of a single preset, saved as FILE.json, can be passed to --preset."
        ),
    ] = False,
) -> None:
    """List the presets, or show every field of one with the values that --set accepts."""
    if name is None and as_json:
        print(json.dumps({key: value.spec.model_dump(mode="json") for key, value in PRESETS.items()}, indent=2))
    elif name is None:
        print_list()
    elif as_json:
        print(preset(name).spec.to_json())
    else:
        print_preset(preset(name))


def print_list() -> None:
    """Print name, summary and source of each preset."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True, style="bold")
    table.add_column()
    table.add_column(style="dim")
    for entry in PRESETS.values():
        default = " (default)" if entry.name == DEFAULT_PRESET else ""
        table.add_row(entry.name + default, entry.summary, entry.source)
    Console().print(table)


def print_preset(entry: Preset) -> None:
    """Print the description of a preset and a table of its fields."""
    console = Console()
    console.print(f"[bold]{entry.name}[/]: {entry.summary} ({entry.source}); digest {entry.spec.digest}\n")
    if entry.details:
        console.print(entry.details + "\n")
    table = Table(box=None, pad_edge=False)
    for heading in ("field", "value", "allowed values"):
        table.add_column(heading, overflow="fold")
    for field, value, allowed in list_fields(entry.spec):
        table.add_row(field, value, allowed)
    console.print(table)


def list_fields(spec: FrozenModel, prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield (dotted name, value, allowed values) of every field of a spec, in order."""
    for name in type(spec).model_fields:
        value = getattr(spec, name)
        if isinstance(value, FrozenModel):
            yield prefix + name, str(getattr(value, "kind", "")), describe_allowed(type(spec), name)
            yield from list_fields(value, f"{prefix}{name}.")
        elif name != "kind":
            yield prefix + name, json.dumps(value), describe_allowed(type(spec), name)
