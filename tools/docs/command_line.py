"""Generate the reference of the command line, in Markdown, from the program."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from barestyle.cli.app import app
from tools.docs.prose import escape


def make_reference() -> str:
    """Return every command, argument and option with its help and default."""
    return "\n".join(_lines(typer.main.get_command(app), "barestyle", depth=2))


def _lines(command: Any, name: str, depth: int, parent: typer.Context | None = None) -> Iterator[str]:
    """Yield the lines of a command's section and of its subcommands."""
    context = typer.Context(command, info_name=name.rsplit(" ", 1)[-1], parent=parent)
    usage = " ".join([name, *command.collect_usage_pieces(context)])
    yield f"{'#' * depth} {name}\n"
    yield f"{escape(command.help)}\n"
    yield f"```text\n{usage}\n```\n"
    for kind in ("argument", "option"):
        for parameter in command.params:
            if parameter.param_type_name == kind and not getattr(parameter, "hidden", False):
                yield _entry(parameter, context, name)
    for subname, subcommand in getattr(command, "commands", {}).items():
        if not subcommand.hidden:
            yield from _lines(subcommand, f"{name} {subname}", min(depth + (parent is not None), 3), context)


def _entry(parameter: Any, context: typer.Context, name: str) -> str:
    """Return the definition of a parameter: names, metavariable, help and default."""
    if parameter.param_type_name == "argument":
        names = f"`{parameter.metavar or parameter.name.upper()}`"
        anchor = parameter.name
    else:
        names = ", ".join(f"`{option}`" for option in sorted([*parameter.opts, *parameter.secondary_opts], key=len))
        anchor = max(parameter.opts, key=len).lstrip("-")
        if not parameter.is_flag:
            names += f" *{parameter.metavar or parameter.display_type(context).strip('<>').upper()}*"
    words = [escape(parameter.help), *_bounds(parameter)]
    if parameter.required:
        words.append("Required.")
    elif default := _default(parameter):
        words.append(f"Default: `{default}`.")
    anchor = f"{name.replace(' ', '-')}--{anchor}"
    return f"{names} {{ #{anchor} }}\n:   {' '.join(words)}\n"


def _bounds(parameter: Any) -> Iterator[str]:
    """Yield sentences on the range of a number, and on an option that may be repeated."""
    for words, bound in (("least", getattr(parameter, "min", None)), ("most", getattr(parameter, "max", None))):
        if bound is not None:
            yield f"At {words} {bound}."
    if getattr(parameter, "multiple", False) and "repeated" not in parameter.help:
        yield "May be repeated."


def _default(parameter: Any) -> str:
    """Return the default as a user would type it, or '' if there is none or the help describes it."""
    shown = parameter.show_default and not getattr(parameter, "is_flag", False)
    return str(parameter.default) if shown and parameter.default not in (None, "", (), []) else ""
