"""Messages, and how they count things."""

from __future__ import annotations

import sys


def format_count(number: int, noun: str) -> str:
    """Return '1 cell' or '2 cells'."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def print_error(error: Exception | str) -> None:
    """Print an error as one line that names the program."""
    print(f"barestyle: {str(error).rstrip('.')}", file=sys.stderr)


def print_note(message: Warning | str, *_: object, **__: object) -> None:
    """Print a warning as one line; takes the arguments of `warnings.showwarning`."""
    print(f"barestyle: note: {message}", file=sys.stderr)
