"""What a person sees while a study runs: a bar of cells on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from barestyle.cli.progress_bar import duration

if TYPE_CHECKING:
    from barestyle.study.store import Store

POLL = 2.0
"""Seconds between two looks into the store, at least."""

SELDOM = 20
"""How many times as long as a look takes is waited for the next: a store of a thousand cells takes a while to read,
on the same processors that paint."""

LINES = 20
"""About how many plain lines a whole study prints."""


def seldom(look: Callable[[], None]) -> Callable[[], None]:
    """The same look, which is taken only when SELDOM times as long as the last one took has passed."""
    due = 0.0

    def perhaps() -> None:
        nonlocal due
        began = time.monotonic()
        if began >= due:
            look()
            due = time.monotonic() + (time.monotonic() - began) * SELDOM

    return perhaps


@contextmanager
def display(store: Store, *, quiet: bool) -> Iterator[Callable[[], None]]:
    """A function to be called now and then; it looks into the store and shows how far the study is."""
    console = Console(stderr=True)
    count = _Count(store)
    if quiet:
        yield lambda: None
    elif console.is_terminal:
        columns = (
            BarColumn(bar_width=None),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TextColumn("{task.description}"),
        )
        with Progress(*columns, console=console, transient=True) as bar:
            settled, total, words = count.now()
            task = bar.add_task(words, total=total, completed=settled)

            def show() -> None:
                settled, total, words = count.now()
                bar.update(task, completed=settled, total=total, description=words)

            yield show
    else:
        yield _Lines(count)


class _Count:
    """Cells that are settled, all cells, and words on failures and the time left."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._began = time.monotonic()
        self._before: int | None = None

    def now(self) -> tuple[int, int, str]:
        counts = Counter(row.state for row in self._store.rows())
        settled, total = counts["done"] + counts["failed"], counts.total()
        self._before = settled if self._before is None else self._before
        words = f"{counts['failed']} failed" if counts["failed"] else ""
        gained = settled - self._before
        if gained and settled < total:
            left = (time.monotonic() - self._began) / gained * (total - settled)
            words += f"{', ' if words else ''}about {duration(left)} left"
        return settled, total, words


class _Lines:
    def __init__(self, count: _Count) -> None:
        self._count = count
        self._shown = count.now()[0]

    def __call__(self) -> None:
        settled, total, words = self._count.now()
        if settled - self._shown >= max(1, total // LINES) or (settled == total != self._shown):
            self._shown = settled
            print(f"{settled}/{total} cells{', ' if words else ''}{words}", file=sys.stderr, flush=True)
