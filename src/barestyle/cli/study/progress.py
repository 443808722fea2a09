"""The progress of a study: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from barestyle.cli.progress_bar import format_duration

if TYPE_CHECKING:
    from barestyle.study.store import Store

POLL = 2.0
"""Shortest time between two reads of the store, in seconds."""

PAUSE_RATIO = 20
"""Pause between two reads of the store, relative to the duration of a read. A store of a thousand cells takes a while
to read, on the processors that the runs need."""

LINES = 20
"""Number of plain lines for a whole study, about."""


def throttle(function: Callable[[], None]) -> Callable[[], None]:
    """Return a function that calls `function` unless its last call was too recent, by PAUSE_RATIO."""
    due = 0.0

    def call_if_due() -> None:
        nonlocal due
        start = time.monotonic()
        if start >= due:
            function()
            due = time.monotonic() + (time.monotonic() - start) * PAUSE_RATIO

    return call_if_due


@contextmanager
def show_progress(store: Store, *, quiet: bool) -> Iterator[Callable[[], None]]:
    """Yield a function that reads the store and shows the study's progress on stderr."""
    console = Console(stderr=True)
    counter = _CellCounter(store)
    if quiet:
        yield lambda: None
    elif console.is_terminal:
        columns = (
            BarColumn(bar_width=None),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TextColumn("{task.description}"),
        )
        with Progress(*columns, console=console, transient=True) as bar:
            settled, total, status = counter.count()
            task = bar.add_task(status, total=total, completed=settled)

            def update() -> None:
                settled, total, status = counter.count()
                bar.update(task, completed=settled, total=total, description=status)

            yield update
    else:
        yield _LinePrinter(counter)


class _CellCounter:
    """Counts cells, and estimates the time left from those that were done or failed since it was created."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._start = time.monotonic()
        self._settled_before: int | None = None

    def count(self) -> tuple[int, int, str]:
        """Return how many cells are done or failed, how many there are, and failures and time left as text."""
        counts = Counter(result.state for result in self._store.read_results())
        settled, total = counts["done"] + counts["failed"], counts.total()
        if self._settled_before is None:
            self._settled_before = settled
        status = [f"{counts['failed']} failed"] if counts["failed"] else []
        settled_since = settled - self._settled_before
        if settled_since and settled < total:
            left = (time.monotonic() - self._start) / settled_since * (total - settled)
            status.append(f"about {format_duration(left)} left")
        return settled, total, ", ".join(status)


class _LinePrinter:
    """Prints about LINES plain lines in the course of a study."""

    def __init__(self, counter: _CellCounter) -> None:
        self._counter = counter
        self._printed = counter.count()[0]

    def __call__(self) -> None:
        settled, total, status = self._counter.count()
        if settled - self._printed >= max(1, total // LINES) or (settled == total != self._printed):
            self._printed = settled
            print(f"{settled}/{total} cells{', ' if status else ''}{status}", file=sys.stderr, flush=True)
