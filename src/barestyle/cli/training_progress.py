"""The progress of a training on standard error: a bar, a plain line now and then, or lines of JSON."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from barestyle.cli.json_output import print_json
from barestyle.cli.progress_bar import create_bar, format_rounded, stop_at_closed_pipe

if TYPE_CHECKING:
    from barestyle.cli.options import ProgressMode
    from barestyle.feed_forward.training import Training, TrainingProgress

PLAIN_SECONDS = 20.0
"""Between two plain lines."""


@contextmanager
def show_training(training: Training, *, mode: ProgressMode) -> Iterator[Callable[[TrainingProgress], None]]:
    """Yield a function that takes each TrainingProgress and shows it; `auto` is a bar on a terminal."""
    from rich.console import Console

    console = Console(stderr=True, force_terminal=True if mode == "bar" else None)
    if mode == "none":
        yield lambda _progress: None
    elif mode == "json":
        yield stop_at_closed_pipe(print_training)
    elif mode == "bar" or (mode == "auto" and console.is_terminal):
        with create_bar(console) as bar:
            task = bar.add_task("", total=1.0, step=training.step, steps=training.steps, status="")
            yield lambda progress: bar.update(
                task,
                completed=progress.step / progress.steps,
                step=progress.step,
                steps=progress.steps,
                status=format_training(progress),
            )
    else:
        yield stop_at_closed_pipe(PlainLines())


class PlainLines:
    """Prints a line every PLAIN_SECONDS, and one at the end."""

    def __init__(self) -> None:
        self._printed = 0.0

    def __call__(self, progress: TrainingProgress) -> None:
        """Print a line if it is time."""
        if progress.seconds - self._printed >= PLAIN_SECONDS or progress.step == progress.steps:
            self._printed = progress.seconds
            print(f"step {progress.step}/{progress.steps}, {format_training(progress)}", file=sys.stderr, flush=True)


def format_training(progress: TrainingProgress) -> str:
    """Return the loss on the photograph that is held out and the time left: 'loss 0.212, about 4 min left'."""
    loss = progress.loss if progress.held_out_loss is None else progress.held_out_loss
    text = f"loss {loss:.3f}"
    return text if progress.step == progress.steps else f"{text}, about {format_rounded(progress.seconds_left)} left"


def print_training(progress: TrainingProgress) -> None:
    """Print a line of JSON."""
    print_json(describe_training(progress), file=sys.stderr)


def describe_training(progress: TrainingProgress) -> dict[str, float | None]:
    """Return the fields of a line of `--progress json`."""
    return {
        "step": progress.step,
        "steps": progress.steps,
        "loss": progress.loss,
        "held_out_loss": progress.held_out_loss,
        "seconds": progress.seconds,
        "seconds_left": progress.seconds_left,
    }
