"""Running a study's cells with a progress bar, in this process or in several."""

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

from barestyle.cli.exit_codes import INCOMPLETE, INTERRUPTED
from barestyle.cli.messages import format_count, print_error

if TYPE_CHECKING:
    from barestyle.cli.study.options import StoreOptions
    from barestyle.study.resolve import ResolvedStudy
    from barestyle.study.store import Store


def work_in_this_process(store: Store, weights: Path | None, *, quiet: bool, parent: int | None = None) -> int:
    """Run the cells in this process; return the exit code.

    With `parent`, the id of the process that started this one, stop as soon as that process has ended.
    """
    from barestyle.cli.interrupt import Interrupt
    from barestyle.cli.study.progress import show_progress, throttle
    from barestyle.study.work import work

    consequence = "the current cell will be run again next time"
    with (
        Interrupt(consequence, silent=parent is not None) as interrupt,
        show_progress(store, quiet=quiet) as show,
    ):
        show_throttled = throttle(show)
        work(
            store,
            weights=weights,
            on_cell=lambda _key, _outcome: show_throttled(),
            should_stop=lambda: interrupt.requested or (parent is not None and os.getppid() != parent),
        )
        show()
    return _summarize(store, interrupt.requested, quiet=quiet)


def work_in_several_processes(
    store: Store, resolved: ResolvedStudy, location: StoreOptions, workers: int, *, quiet: bool
) -> int:
    """Run the cells in several processes, each with its share of the processors; return the exit code."""
    import torch

    from barestyle.cli.interrupt import Interrupt
    from barestyle.cli.study.progress import POLL, show_progress, throttle

    name = resolved.study.study
    command = [sys.executable, "-m", "barestyle", "study", "work", name, "--quiet"]
    command += ["--into", str(location.folder(name)), "--threads", str(max(1, torch.get_num_threads() // workers))]
    for option, value in (("--storage", location.storage), ("--trained", resolved.weights)):
        command += [] if value is None else [option, str(value)]
    with (
        Interrupt("the current cells will be run again next time") as interrupt,
        show_progress(store, quiet=quiet) as show,
        _start_processes(command, workers) as processes,
    ):
        show_throttled = throttle(show)
        while any(process.poll() is None for process in processes) and not interrupt.requested:
            time.sleep(POLL)
            show_throttled()
        show()
    return _summarize(store, interrupt.requested, quiet=quiet)


@contextmanager
def _start_processes(command: list[str], number: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Yield processes that run the command; at the end of the block, send SIGINT to all and wait for them."""
    # Each in its own process group, so that Ctrl-C reaches it once, from here; it also stops when this process ends.
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


def _summarize(store: Store, interrupted: bool, *, quiet: bool) -> int:
    """Print how many cells are done; return the exit code, INCOMPLETE if cells failed or were left by lost workers."""
    results = store.read_results()
    counts = Counter(result.state for result in results)
    if not quiet:
        print(
            f"{counts['done']} of {len(results)} cells done, {counts['failed']} failed; images in {store.image_folder}"
        )
    if interrupted:
        return INTERRUPTED
    if unfinished := counts["waiting"] + counts["running"]:
        print_error(
            f"{format_count(unfinished, 'cell')} did not finish because the worker ended; run the same command again"
        )
    return INCOMPLETE if unfinished or counts["failed"] else 0
