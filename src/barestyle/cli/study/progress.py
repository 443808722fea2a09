"""The progress of a study: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from barestyle.cli.progress_bar import format_duration

if TYPE_CHECKING:
    from barestyle.study.cell import CellResult

LINES = 20
"""Number of plain lines for a whole study, about."""

Show = Callable[["CellResult"], None]


@contextmanager
def show_progress(total: int, *, quiet: bool) -> Iterator[Show]:
    """Yield a function that counts a result and shows the progress of `total` cells on standard error."""
    counter = _Counter(total)
    console = Console(stderr=True)
    if quiet:
        yield lambda _result: None
    elif console.is_terminal:
        columns = (
            BarColumn(bar_width=None),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TextColumn("{task.description}"),
        )
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task("", total=total)

            def show(result: CellResult) -> None:
                counter.add(result)
                bar.update(task, completed=counter.finished, description=counter.status)

            yield show
    else:

        def print_line(result: CellResult) -> None:
            counter.add(result)
            if counter.finished == total or counter.finished % max(1, total // LINES) == 0:
                line = ", ".join(filter(None, (f"{counter.finished}/{total} cells", counter.status)))
                print(line, file=sys.stderr, flush=True)

        yield print_line


class _Counter:
    """Counts results, and estimates the time left."""

    def __init__(self, total: int) -> None:
        self.finished = 0
        self._failed = 0
        self._total = total
        self._start = time.monotonic()

    def add(self, result: CellResult) -> None:
        self.finished += 1
        self._failed += result.state == "failed"

    @property
    def status(self) -> str:
        """The number of failures and the time left, as text."""
        parts = [f"{self._failed} failed"] if self._failed else []
        if self.finished < self._total:
            left = (time.monotonic() - self._start) / self.finished * (self._total - self.finished)
            parts.append(f"about {format_duration(left)} left")
        return ", ".join(parts)
