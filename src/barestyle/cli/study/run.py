"""Running a study's cells on a cluster, with a progress bar."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from barestyle.cli.exit_codes import INCOMPLETE, INTERRUPTED
from barestyle.cli.messages import format_count
from barestyle.cli.study.progress import show_progress

if TYPE_CHECKING:
    from distributed import Client

    from barestyle.study.cell import Cell, CellResult
    from barestyle.study.resolve import ResolvedStudy
    from barestyle.study.store import Store


@dataclass(frozen=True)
class StudyRun:
    """A study's run on this machine, or on the cluster of a scheduler.

    Attributes:
        resolved, store: the study and its store.
        scheduler: address of a Dask scheduler, or None for this machine.
        workers: processes on this machine, or None for one for each processor.
        quiet: whether to print nothing.
    """

    resolved: ResolvedStudy
    store: Store
    scheduler: str | None
    workers: int | None
    quiet: bool

    def run_all(self, cells: Sequence[Cell]) -> bool:
        """Run cells; return whether Ctrl-C stopped it."""
        if not cells:
            return False
        return self._run(len(cells), lambda run_batch, _client: run_batch(cells))

    def decide_claims(self, hours: float | None) -> bool:
        """Run the cells that decide the most claims per second of work; return whether Ctrl-C stopped it.

        Ends when every claim is decided or out of reach, when the pairs of the last look are done, or after a number
        of hours.
        """
        from barestyle.study.adaptive import choose_cells
        from barestyle.study.claims import load_claims
        from barestyle.study.compare import compare_images
        from barestyle.study.load_table import load_table
        from barestyle.study.verdicts import is_in_study, judge

        claims = load_claims(self.resolved.study.claims)
        deadline = None if hours is None else time.monotonic() + hours * 3600

        def run_batches(run_batch: RunBatch, client: Client) -> None:
            while True:
                compare_images(self.store, claims)
                table = load_table(self.store)
                verdicts = judge(claims, table)
                workers = max(1, len(client.nthreads()))  # type: ignore[no-untyped-call]
                cells = choose_cells(verdicts, table, at_least=BATCH * workers)
                known = [v.word for v in verdicts if is_in_study(v.claim, table, v.optimizer)]
                if not self.quiet:
                    print(describe_verdicts(known), file=sys.stderr, flush=True)
                if not cells and not self.quiet and "undecided" in known:
                    print("more cells of this study are not expected to decide a claim", file=sys.stderr)
                if not cells or not run_batch(cells):
                    return

        waiting = sum(result.state == "waiting" for result in self.store.read_results())
        return self._run(waiting, run_batches, deadline)

    def _run(self, total: int, work: Callable[[RunBatch, Client], object], deadline: float | None = None) -> bool:
        """Open a cluster, and call `work` with a function that runs cells and with the client.

        Returns whether Ctrl-C stopped it.
        """
        from barestyle.cli.interrupt import Interrupt
        from barestyle.study.engine import run_cells

        workers = min(self.workers or count_processors(), max(1, total))
        threads = None if self.scheduler else max(1, count_processors() // workers)
        with (
            Interrupt("cells that are running will be run again next time") as interrupt,
            open_client(self.scheduler, workers) as client,
        ):
            if not self.quiet and client.dashboard_link:
                print(f"dashboard: {client.dashboard_link}", file=sys.stderr)
            if not self.quiet and not client.nthreads():  # type: ignore[no-untyped-call]
                print(f"waiting for workers; start some with `dask worker {self.scheduler}`", file=sys.stderr)

            def should_stop() -> bool:
                return interrupt.requested or (deadline is not None and time.monotonic() > deadline)

            with show_progress(total, quiet=self.quiet) as show:

                def run_batch(cells: Sequence[Cell]) -> bool:
                    run_cells(
                        cells,
                        self.resolved,
                        self.store,
                        client,
                        threads=threads,
                        on_result=show,
                        should_stop=should_stop,
                    )
                    return not should_stop()

                work(run_batch, client)
        return interrupt.requested


RunBatch = Callable[[Sequence["Cell"]], bool]
"""Runs cells; returns whether there is time for more."""

BATCH = 8
"""Cells that are run for each worker, at least, before claims are judged again."""


def open_client(scheduler: str | None, workers: int) -> AbstractContextManager[Client]:
    """Return a context manager that yields a client of a new cluster on this machine, or of a scheduler."""
    from barestyle.study.cluster import open_local_client, open_remote_client

    return open_remote_client(scheduler) if scheduler else open_local_client(workers)


def check_scheduler(address: str) -> None:
    """Raise StudyError if a scheduler cannot be reached, or cannot run the cells, before anything is stored."""
    with open_client(address, workers=1):
        pass


def count_processors() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def describe_verdicts(words: Sequence[str]) -> str:
    """Return how many claims have which verdict."""
    order = ("supported", "contradicted", "undecided", "untested")
    return "claims: " + ", ".join(f"{words.count(word)} {word}" for word in order if word in words)


def summarize(
    results: Sequence[CellResult], store: Store, *, interrupted: bool, may_be_unfinished: bool, quiet: bool
) -> int:
    """Print how many cells are done; return the exit code."""
    failed = sum(result.state == "failed" for result in results)
    done = sum(result.state == "done" for result in results)
    if not quiet:
        where = f"results in {store.folder.location}"
        print(f"{done} of {format_count(len(results), 'cell')} done, {failed} failed; {where}")
    if interrupted:
        return INTERRUPTED
    return 0 if done == len(results) or (may_be_unfinished and not failed) else INCOMPLETE
