"""Run the cells of a study on a Dask cluster, and store what its workers return."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from distributed import CancelledError, Client, Future, KilledWorker, get_worker, wait
from distributed.comm.core import CommClosedError

from barestyle.errors import BarestyleError, StudyError
from barestyle.study.cell import Cell, CellResult
from barestyle.study.cluster import inputs_folder, send_inputs
from barestyle.study.resolve import ResolvedStudy
from barestyle.study.run_cell import Job, run_cell
from barestyle.study.store import RESULTS, Store

POLL = 0.5
"""Longest time in seconds until a request to stop is noticed."""

LOST_WORKERS = (
    "{count} workers ended while they ran it; there may be too little memory for it, so use fewer workers on a machine"
)

SCHEDULER_ENDED = (
    "the connection to the Dask scheduler was lost; the results so far are stored, so start a scheduler and run the "
    "same command again"
)

OnResult = Callable[[CellResult], None]
Answer = tuple[CellResult, bytes | None]
Running = dict["Future[Answer]", Job]


def run_cells(
    cells: Iterable[Cell],
    resolved: ResolvedStudy,
    store: Store,
    client: Client,
    *,
    threads: int | None = None,
    on_result: OnResult = lambda result: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> int:
    """Run cells in order, and store the result of each as soon as it arrives; return how many were stored.

    Args:
        cells: to run, whether the store has them or not; taken one after the other, when a worker is about to be
            free.
        resolved: the study, with the files that the cells need.
        store: of the study; only this process reads and writes it.
        client: of the cluster. A cell whose worker ends is run by another worker.
        threads: that PyTorch computes with in each worker, or None for the workers' own setting.
        on_result: called with every result that was stored.
        should_stop: polled; when it returns True, cells that are running are given up.

    Raises StudyError if the scheduler ends or a worker cannot run cells, StorageError if a result cannot be stored.
    What was stored remains, and only the rest needs to be run again.
    """
    send_inputs({image.sha256: image.data for image in resolved.images.values()}, client)
    jobs = (make_job(cell, resolved, store, threads) for cell in cells)
    running: Running = {}
    stored = 0
    try:
        _submit(client, jobs, running)
        while running and not should_stop():
            for future in _wait_for_any(running):
                result, image = _collect(future, running.pop(future))
                try:
                    _submit(client, jobs, running)  # before storing, while the worker is free
                finally:
                    store.write_result(result, image)
                    stored += 1
                    on_result(result)
    finally:
        # Not cancelled, which would also reach a later task of the same key.
        for future in running:
            future.release()  # type: ignore[no-untyped-call]
    return stored


def _submit(client: Client, jobs: Iterator[Job], running: Running) -> None:
    """Submit a job for every worker that has none.

    No job waits on a worker: Dask would count the end of that worker against it, too. Raises StudyError if the
    scheduler has ended.
    """
    try:
        workers = max(1, len(client.nthreads()))  # type: ignore[no-untyped-call]
    except OSError:
        raise StudyError(SCHEDULER_ENDED) from None
    for job in islice(jobs, max(0, workers - len(running))):
        running[client.submit(_run_on_worker, job, key=task_key(job))] = job


def task_key(job: Job) -> str:
    """Return the key of a job's task: two clients of a scheduler that have the same job share one run."""
    return f"cell-{job.cell.key}-{hashlib.sha256(repr(job).encode()).hexdigest()[:12]}"


def _run_on_worker(job: Job) -> Answer:
    return run_cell(job, inputs_folder(get_worker()))


def _wait_for_any(running: Running) -> list[Future[Answer]]:
    """Return the futures that are finished, after at most POLL seconds."""
    try:
        ended = wait(list(running), timeout=POLL, return_when="FIRST_COMPLETED")  # type: ignore[no-untyped-call]
        return list(ended.done)
    except TimeoutError:
        return []
    except (OSError, CancelledError):
        raise StudyError(SCHEDULER_ENDED) from None


def _collect(future: Future[Answer], job: Job) -> Answer:
    """Return what a worker returned, or a failed result if the cell ended its workers."""
    try:
        return future.result()
    except KilledWorker as error:
        reason = LOST_WORKERS.format(count=error.allowed_failures + 1)
        return CellResult(cell=job.cell, state="failed", failure="worker-lost", reason=reason), None
    except (CommClosedError, CancelledError):
        raise StudyError(SCHEDULER_ENDED) from None
    except BarestyleError as error:
        raise StudyError(f"a worker cannot run cells: {error}") from None
    except Exception as error:  # noqa: BLE001  # of any kind
        # run_cell returns the failures of cells, so this is the worker's.
        raise StudyError(
            f"a worker cannot run cells ({type(error).__name__}: {error}); check its disk and its version of barestyle"
        ) from None


def make_job(cell: Cell, resolved: ResolvedStudy, store: Store, threads: int | None) -> Job:
    """Return a cell with what a worker needs to run it."""
    content, style = resolved.images[cell.content], resolved.images[cell.style]
    weights = None
    if resolved.weights is not None and resolved.weights_sha256 is not None:
        weights = str(resolved.weights.resolve()), resolved.weights_sha256
    folder = store.folder.path
    return Job(
        cell=cell,
        content=content.sha256,
        style=style.sha256,
        paths=(str(content.path.resolve()), str(style.path.resolve())),
        folder=None if folder is None else str(folder / RESULTS),
        metrics=resolved.metrics,
        weights=weights,
        threads=threads,
    )
