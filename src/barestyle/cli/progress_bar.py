"""The progress of a run on standard error: a bar, a plain line now and then, or a line of JSON for every step."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar

from barestyle.cli.json_output import print_json
from barestyle.cli.messages import format_count
from barestyle.cli.standard_streams import discard_output

if TYPE_CHECKING:
    from barestyle.cli.options import ProgressMode
    from barestyle.run.plan import Plan
    from barestyle.run.progress import Progress

Shown = TypeVar("Shown")
"""What a function shows: the progress of a run or of a clip."""

LINES = 10
"""Number of plain lines for a whole run, about."""


@contextmanager
def show_progress(plan: Plan, *, mode: ProgressMode, is_resumed: bool = False) -> Iterator[Callable[[Progress], None]]:
    """Yield a function that takes each Progress of a run and shows it on stderr, after an estimate of the time.

    `auto` is a bar on a terminal. A resumed run has no estimate before its first steps, as most of it may be done.
    Raises DeviceError if the memory is not enough.
    """
    console = Console(stderr=True, force_terminal=True if mode == "bar" else None)
    if mode == "none":
        yield lambda _progress: None
        return
    if mode == "json":
        yield stop_at_closed_pipe(lambda progress: print_json(describe_progress(progress), file=sys.stderr))
        return
    estimate = "" if is_resumed else format_estimate(plan)
    if mode == "bar" or (mode == "auto" and console.is_terminal):
        with create_bar(console) as bar:
            task = bar.add_task("", total=1.0, step=0, steps=plan.steps, status=estimate)
            yield lambda progress: bar.update(
                task, completed=progress.done, step=progress.step, status=format_progress(progress)
            )
    else:
        if estimate:
            print(f"{format_count(plan.steps, 'step')}, {estimate}", file=sys.stderr, flush=True)
        yield stop_at_closed_pipe(LinePrinter(plan.steps))


def stop_at_closed_pipe(show: Callable[[Shown], None]) -> Callable[[Shown], None]:
    """Return a function that shows progress until nobody reads it any more; the run goes on."""
    is_closed = False

    def show_if_open(progress: Shown) -> None:
        nonlocal is_closed
        if is_closed:
            return
        try:
            show(progress)
        except BrokenPipeError:
            is_closed = True
            discard_output()

    return show_if_open


def format_estimate(plan: Plan) -> str:
    """Return the time that a run is expected to take, 'about 25 s', or nothing for several processes."""
    from barestyle.run.estimate import estimate

    return "" if plan.group.size > 1 else f"about {format_rounded(estimate(plan).seconds)}"


def create_bar(console: Console) -> Bar:
    """Return a bar with the fields step, steps and status."""
    return Bar(
        BarColumn(bar_width=None),
        TextColumn("{task.fields[step]}/{task.fields[steps]}"),
        TextColumn("{task.fields[status]}"),
        console=console,
        transient=True,
    )


class LinePrinter:
    """Prints about LINES plain lines in the course of a run."""

    def __init__(self, steps: int) -> None:
        self._interval = max(1, steps // LINES)

    def __call__(self, progress: Progress) -> None:
        """Print a line if the step is a multiple of the interval."""
        if progress.step % self._interval == 0:
            print(f"step {progress.step}/{progress.steps}, {format_progress(progress)}", file=sys.stderr, flush=True)


def format_progress(progress: Progress) -> str:
    """Return evaluations, loss and the time left: '12 evaluations, loss 0.0123, about 9 s left'."""
    text = f"{progress.evaluations} evaluations, loss {progress.loss:.4g}"
    if progress.restarts:
        text += f", restart {progress.restarts}"
    if progress.seconds_left is not None and progress.done < 1:
        text += f", about {format_rounded(progress.seconds_left)} left"
    return text


def format_rounded(seconds: float) -> str:
    """Return a duration to the precision of an estimate: '9 s', '25 s', '4 min' or '2 h 5 min'."""
    if seconds < 15:
        return format_duration(max(seconds, 1))
    if seconds < 57.5:
        return format_duration(5 * round(seconds / 5))
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else format_duration(60 * minutes)


def describe_progress(progress: Progress) -> dict[str, float | None]:
    """Return the fields of a line of `--progress json`."""
    return {
        "step": progress.step,
        "steps": progress.steps,
        "done": progress.done,
        "evaluations": progress.evaluations,
        "loss": progress.loss,
        "restarts": progress.restarts,
        "seconds": progress.seconds,
        "seconds_left": progress.seconds_left,
    }


def format_duration(seconds: float) -> str:
    """Return '9 s', '3 min 20 s' or '2 h 5 min'."""
    rounded = round(seconds)
    if rounded < 60:
        return f"{rounded} s"
    if rounded < 3600:
        return f"{rounded // 60} min {rounded % 60} s"
    return f"{rounded // 3600} h {rounded % 3600 // 60} min"
