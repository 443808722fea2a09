"""Working through a study's cells under a bar, in this process or in several."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from barestyle.cli.options import INTERRUPTED
from barestyle.cli.study.options import folder

if TYPE_CHECKING:
    from barestyle.study.resolve import Prepared
    from barestyle.study.store import Store

INCOMPLETE = 1
"""Exit code of a study of which cells failed or are left."""


def in_this_process(store: Store, weights: Path | None, *, quiet: bool, parent: int | None = None) -> int:
    """Work through the cells in this process, under a bar; returns the exit code.

    With `parent`, the process that started this one, it stops when that one is gone.
    """
    from barestyle.cli.interrupt import Interrupt
    from barestyle.cli.study.progress import display, seldom
    from barestyle.study.work import work as work_through

    told = Interrupt("the cell in flight goes back into the queue", silent=parent is not None)
    with told as interrupt, display(store, quiet=quiet) as show:
        perhaps = seldom(show)
        work_through(
            store,
            weights=weights,
            on_cell=lambda _key, _word: perhaps(),
            should_stop=lambda: interrupt.requested or (parent is not None and os.getppid() != parent),
        )
        show()
    return _ended(store, interrupt.requested, quiet=quiet)


def in_several_processes(
    store: Store, ready: Prepared, into: Path | None, storage: str | None, workers: int, *, quiet: bool
) -> int:
    """Work through the cells in several processes, each on its share of the processors."""
    import torch

    from barestyle.cli.interrupt import Interrupt
    from barestyle.cli.study.progress import POLL, display, seldom

    name = ready.study.study
    command = [sys.executable, "-m", "barestyle", "study", "work", name, "--quiet", "--into", str(folder(name, into))]
    command += ["--threads", str(max(1, torch.get_num_threads() // workers))]
    for option, value in (("--storage", storage), ("--weights", ready.weights)):
        command += [] if value is None else [option, str(value)]
    with (
        Interrupt("the cells in flight go back into the queue") as interrupt,
        display(store, quiet=quiet) as show,
        _processes(command, workers) as processes,
    ):
        perhaps = seldom(show)
        while any(process.poll() is None for process in processes) and not interrupt.requested:
            time.sleep(POLL)
            perhaps()
        show()
    return _ended(store, interrupt.requested, quiet=quiet)


@contextmanager
def _processes(command: list[str], number: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """So many processes of our own program; at the block's end, however it comes, they are told to stop."""
    # In a group of their own: Ctrl-C reaches them once, from here; and they notice when this process is gone.
    command = [*command, "--parent", str(os.getpid())]
    processes = [subprocess.Popen(command, process_group=0) for _ in range(number)]
    try:
        yield processes
    finally:
        for process in processes:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        for process in processes:
            process.wait()


def _ended(store: Store, interrupted: bool, *, quiet: bool) -> int:
    """Say what came of it; the exit code is 1 where a cell failed, or is left because its worker died."""
    rows = store.rows()
    counts = Counter(row.state for row in rows)
    if not quiet:
        print(f"{counts['done']} of {len(rows)} cells done, {counts['failed']} failed; pictures in {store.artifacts}")
    if interrupted:
        return INTERRUPTED
    if left := counts["waiting"] + counts["running"]:
        print(f"barestyle: {left} cells are left, as their workers ended; run the same command again", file=sys.stderr)
    return INCOMPLETE if left or counts["failed"] else 0
