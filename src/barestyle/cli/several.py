"""Options that take several values in a row, as `--weights 2 1`, or none: what people type, and parsers don't take."""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperCommand

from barestyle.run.progress import CHECKPOINT_EVERY

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
MASKED = re.compile(r"[^-].*:.+")

ANY = re.compile(r"[^-].*|-")

SEVERAL = {"--weights": NUMBER, "--mask": MASKED, "--styles": ANY}
"""Options, and what their values look like; what looks otherwise is an argument again."""


class MultiValueCommand(TyperCommand):
    """A command whose options of `SEVERAL` may be followed by more than one value, and --checkpoint by none."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, repeated(args))


def repeated(arguments: list[str]) -> list[str]:
    """`--weights 2 1` as `--weights 2 --weights 1`, `--checkpoint` as `--checkpoint 20`; the rest as it is."""
    found: list[str] = []
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        found.append(argument)
        if argument == "--":
            return found + rest
        if argument == "--checkpoint" and not (rest and rest[0].isdecimal()):
            found.append(str(CHECKPOINT_EVERY))
        if argument in SEVERAL and rest:
            found.append(rest.pop(0))
            while rest and SEVERAL[argument].fullmatch(rest[0]):
                found += [argument, rest.pop(0)]
    return found
