"""Messages, and how they count things."""

from __future__ import annotations

import sys


def format_count(number: int, noun: str) -> str:
    """Return '1 cell' or '2 cells'."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def print_error(error: Exception | str) -> None:
    """Print an error as one line that names the program."""
    print(f"barestyle: {str(error).rstrip('.')}", file=sys.stderr)


class NotePrinter:
    """Prints warnings as lines, each text once; has the arguments of `warnings.showwarning`."""

    def __init__(self) -> None:
        self._printed: set[str] = set()

    def __call__(self, message: Warning | str, *_: object, **__: object) -> None:
        """Print a warning, unless the same was printed before."""
        if str(message) not in self._printed:
            self._printed.add(str(message))
            print(f"barestyle: note: {message}", file=sys.stderr)
