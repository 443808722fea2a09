"""The progress of a clip on standard error: a bar, a plain line now and then, or a line of JSON for every frame."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console

from barestyle.cli.json_output import print_json
from barestyle.cli.progress_bar import create_bar, format_rounded, stop_at_closed_pipe

if TYPE_CHECKING:
    from barestyle.cli.options import ProgressMode
    from barestyle.clips.repaint import ClipProgress

SECONDS = 10
"""Least time between two plain lines."""


@contextmanager
def show_clip_progress(
    mode: ProgressMode, *, finished: int, count: int | None
) -> Iterator[Callable[[ClipProgress], None]]:
    """Yield a function that takes each ClipProgress and shows it on standard error; `auto` is a bar on a terminal."""
    console = Console(stderr=True, force_terminal=True if mode == "bar" else None)
    if mode == "none":
        yield lambda _progress: None
    elif mode == "json":
        yield stop_at_closed_pipe(lambda progress: print_json(describe_progress(progress), file=sys.stderr))
    elif mode == "bar" or (mode == "auto" and console.is_terminal):
        with create_bar(console) as bar:
            steps = "?" if count is None else count
            task = bar.add_task("", total=count, completed=finished, step=finished, steps=steps, status="")
            yield lambda progress: bar.update(
                task, completed=progress.finished, step=progress.finished, status=format_progress(progress)
            )
    else:
        if finished:
            print(f"continuing after frame {finished}", file=sys.stderr, flush=True)
        yield stop_at_closed_pipe(LinePrinter())


class LinePrinter:
    """Prints a plain line for the first frame and then at most every SECONDS."""

    def __init__(self) -> None:
        self._last = float("-inf")

    def __call__(self, progress: ClipProgress) -> None:
        """Print a line if the last one is long enough ago."""
        if progress.seconds - self._last >= SECONDS:
            self._last = progress.seconds
            total = "" if progress.count is None else f"/{progress.count}"
            print(f"frame {progress.finished}{total}, {format_progress(progress)}", file=sys.stderr, flush=True)


def format_progress(progress: ClipProgress) -> str:
    """Return the speed and the time left: '0.4 frames/s, about 4 min left'."""
    text = f"{progress.frames_per_second:.2g} frames/s"
    if progress.seconds_left:
        text += f", about {format_rounded(progress.seconds_left)} left"
    return text


def describe_progress(progress: ClipProgress) -> dict[str, float | None]:
    """Return the fields of a line of `--progress json`."""
    return {
        "frame": progress.finished,
        "frames": progress.count,
        "shots": progress.shots,
        "frames_per_second": progress.frames_per_second,
        "seconds": progress.seconds,
        "seconds_left": progress.seconds_left,
    }
