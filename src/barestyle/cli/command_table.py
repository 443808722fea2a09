"""The commands, whose modules are imported when one of them is used."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import Any

import typer
from typer.main import get_group

COMMANDS = (
    "transfer",
    "batch",
    "train",
    "apply",
    "video",
    "export",
    "resume",
    "rerun",
    "recolor",
    "score",
    "demo",
    "presets",
    "probe",
    "ui",
    "info",
    "study",
    "weights",
)
"""Names in the order of the help."""

GROUPS = {"study": "barestyle.cli.study.commands", "weights": "barestyle.cli.weights"}
"""Modules of the names with commands of their own, in which `app` has them. All others are functions in a module, both
of the name of the command."""


class CommandTable(MutableMapping[str, Any]):
    """Commands by name, each built when it is looked up first: importing the modules of all takes a while."""

    def __init__(self) -> None:
        self._built: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._built:
            if name not in COMMANDS:
                raise KeyError(name)
            self._built[name] = build_command(name)
        return self._built[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._built[name] = command

    def __delitem__(self, name: str) -> None:
        del self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*COMMANDS, *self._built)))

    def __len__(self) -> int:
        return len(list(iter(self)))


def build_command(name: str) -> Any:
    """Import the module of a command, and return the command."""
    parent = typer.Typer(rich_markup_mode="rich", pretty_exceptions_enable=False)
    if name in GROUPS:
        parent.add_typer(import_module(GROUPS[name]).app, name=name)
    else:
        parent.command()(getattr(import_module(f"barestyle.cli.{name}"), name))
    return get_group(parent).commands[name]
