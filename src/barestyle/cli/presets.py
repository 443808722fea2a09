"""`barestyle presets`: what there is, and what is in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from barestyle.presets import DEFAULT_PRESET, PRESETS, Preset, preset
from barestyle.spec.validation import FrozenModel, describe_allowed


def presets(
    name: Annotated[str | None, typer.Argument(help="One preset, field by field.", show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for --preset FILE.json.")] = False,
) -> None:
    """List the presets, or show one with what each of its fields takes."""
    if name is None and as_json:
        print(json.dumps({key: value.spec.model_dump(mode="json") for key, value in PRESETS.items()}, indent=2))
    elif name is None:
        _list()
    elif as_json:
        print(preset(name).spec.to_json())
    else:
        _show(preset(name))


def _list() -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True, style="bold")
    table.add_column()
    table.add_column(style="dim")
    for one in PRESETS.values():
        default = " (default)" if one.name == DEFAULT_PRESET else ""
        table.add_row(one.name + default, one.summary, one.source)
    Console().print(table)


def _show(one: Preset) -> None:
    console = Console()
    console.print(f"[bold]{one.name}[/]: {one.summary} ({one.source}); digest {one.spec.digest}\n")
    if one.details:
        console.print(one.details + "\n")
    table = Table(box=None, pad_edge=False)
    for heading in ("field, for --set", "value", "takes"):
        table.add_column(heading, overflow="fold")
    for field, value, allowed in fields(one.spec):
        table.add_row(field, value, allowed)
    console.print(table)


def fields(spec: FrozenModel, prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """(dotted name, value, what it takes) of every field of a spec, in order."""
    for name in type(spec).model_fields:
        value = getattr(spec, name)
        if isinstance(value, FrozenModel):
            yield prefix + name, str(getattr(value, "kind", "")), describe_allowed(type(spec), name)
            yield from fields(value, f"{prefix}{name}.")
        elif name != "kind":
            yield prefix + name, json.dumps(value), describe_allowed(type(spec), name)
