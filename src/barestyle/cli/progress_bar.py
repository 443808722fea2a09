"""What a person sees while a picture forms: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar

if TYPE_CHECKING:
    from barestyle.run.plan import Plan
    from barestyle.run.progress import Progress

Show = Callable[["Progress"], None]

LINES = 10
"""About how many plain lines a whole run prints."""


@contextmanager
def display(plan: Plan, *, quiet: bool) -> Iterator[Show]:
    """A function to be given every Progress; what it shows goes to stderr."""
    console = Console(stderr=True)
    if quiet:
        yield lambda _progress: None
    elif console.is_terminal:
        with _bar(console) as bar:
            task = bar.add_task("", total=plan.steps, figures="")
            yield lambda progress: bar.update(task, completed=progress.step, figures=figures(progress))
    else:
        yield _Lines(plan.steps)


def _bar(console: Console) -> Bar:
    return Bar(
        BarColumn(bar_width=None),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        TextColumn("{task.fields[figures]}"),
        console=console,
        transient=True,
    )


class _Lines:
    """Prints a plain line now and then."""

    def __init__(self, steps: int) -> None:
        self._every = max(1, steps // LINES)

    def __call__(self, progress: Progress) -> None:
        if progress.step % self._every == 0:
            print(f"step {progress.step}/{progress.steps}, {figures(progress)}", file=sys.stderr, flush=True)


def figures(progress: Progress) -> str:
    """Evaluations, loss, and at most how much longer: '12 evaluations, loss 0.0123, up to 9 s left'."""
    text = f"{progress.evaluations} evaluations, loss {progress.loss:.4g}"
    if progress.restarts:
        text += f", restart {progress.restarts}"
    if progress.done:
        left = progress.seconds / progress.done * (1 - progress.done)
        text += f", up to {duration(left)} left"
    return text


def duration(seconds: float) -> str:
    """'9 s', '3 min 20 s' or '2 h 5 min'."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
