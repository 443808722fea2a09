"""Working through a study's cells under a bar, in this process or in several."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from barestyle.cli.options import INTERRUPTED
from barestyle.cli.study_options import folder

if TYPE_CHECKING:
    from barestyle.study.begin import Prepared
    from barestyle.study.store import Store


def in_this_process(store: Store, weights: Path | None, *, quiet: bool) -> int:
    """Work through the cells in this process, under a bar; returns the exit code."""
    from barestyle.cli.interrupt import Interrupt
    from barestyle.cli.study_progress import display
    from barestyle.study.work import work as work_through

    with Interrupt("the cell in flight goes back into the queue") as interrupt, display(store, quiet=quiet) as show:
        work_through(
            store,
            weights=weights,
            on_cell=lambda _key, _word: show(),
            should_stop=lambda: interrupt.requested,
        )
    return _ended(store, interrupt.requested, quiet=quiet)


def in_several_processes(
    store: Store, ready: Prepared, into: Path | None, storage: str | None, workers: int, *, quiet: bool
) -> int:
    """Work through the cells in several processes, each on its share of the processors."""
    import torch

    from barestyle.cli.interrupt import Interrupt
    from barestyle.cli.study_progress import POLL, SELDOM, display

    name = ready.study.study
    command = [sys.executable, "-m", "barestyle", "study", "work", name, "--quiet", "--into", str(folder(name, into))]
    command += ["--threads", str(max(1, torch.get_num_threads() // workers))]
    for option, value in (("--storage", storage), ("--weights", ready.weights)):
        command += [] if value is None else [option, str(value)]
    with Interrupt("the cells in flight go back into the queue") as interrupt, display(store, quiet=quiet) as show:
        processes = [subprocess.Popen(command) for _ in range(workers)]  # our own program
        due = 0.0
        while any(process.poll() is None for process in processes):
            time.sleep(POLL)
            if time.monotonic() >= due:
                due = time.monotonic() + timed(show) * SELDOM
        show()
    return _ended(store, interrupt.requested, quiet=quiet)


def timed(look: Callable[[], None]) -> float:
    """Seconds that a look took."""
    began = time.monotonic()
    look()
    return time.monotonic() - began


def _ended(store: Store, interrupted: bool, *, quiet: bool) -> int:
    rows = store.rows()
    counts = Counter(row.state for row in rows)
    if not quiet:
        print(f"{counts['done']} of {len(rows)} cells done, {counts['failed']} failed; pictures in {store.artifacts}")
    return INTERRUPTED if interrupted else 0
