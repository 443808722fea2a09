"""Dask clusters that run cells: one of this machine's processors, or one that is already running."""

from __future__ import annotations

import hashlib
import importlib.metadata
import logging
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import dask
from distributed import Client, LocalCluster, Worker, WorkerPlugin

from barestyle.atomic_files import write_atomically
from barestyle.errors import StudyError

CONNECT_TIMEOUT = 10
"""Seconds to wait for a scheduler."""

SAME_VERSIONS = ("barestyle", "torch", "distributed")
"""Packages whose version must be the same on every worker: two of them decide pixels, one the protocol."""

INPUTS = "barestyle-inputs"
"""Folder of a worker with the images of studies, each named by its SHA-256."""

_SETTINGS = {
    # A cell that ends its worker, for example by its memory, is tried on so many more workers.
    "distributed.scheduler.allowed-failures": 3,
    # A worker computes for minutes without answering; a busy machine must not lose it for that.
    "distributed.scheduler.worker-ttl": None,
}


@contextmanager
def open_local_client(workers: int) -> Iterator[Client]:
    """Yield a client of a new cluster on this machine, with one cell at a time in each worker process."""
    silence_dask()  # LocalCluster does so until it is closed, but connections that it closes are logged afterwards
    with dask.config.set(_SETTINGS), ExitStack() as stack:
        with _start_processes_without_interrupt():
            cluster = LocalCluster(  # type: ignore[no-untyped-call]
                n_workers=workers,
                threads_per_worker=1,
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
                memory_limit=0,  # a share of the memory for each worker would stop large cells where there is enough
            )
        stack.enter_context(cluster)
        yield stack.enter_context(Client(cluster))  # type: ignore[no-untyped-call]


@contextmanager
def _start_processes_without_interrupt() -> Iterator[None]:
    """Let the processes that are started in the block ignore Ctrl-C, which a terminal sends to all of them.

    The client stops them, after it has stored what they returned. Outside the main thread nothing is changed, where
    Python allows no handlers.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def open_remote_client(address: str) -> Iterator[Client]:
    """Yield a client of a running scheduler.

    Raises StudyError if there is no scheduler, or if it or one of its workers cannot run the cells.
    """
    silence_dask()
    try:
        client = Client(address, timeout=CONNECT_TIMEOUT)  # type: ignore[no-untyped-call]
    except (OSError, TimeoutError, ValueError, ImportError, RuntimeError) as error:
        raise StudyError(
            f"there is no Dask scheduler of this version at {address!r} ({_first_line(error)}); start one with "
            "`dask scheduler`, or leave --scheduler out to use this machine"
        ) from None
    with client:
        check_versions(client)
        yield client


def silence_dask() -> None:
    """Keep Dask's log lines from standard error: barestyle reports what concerns its users."""
    for name in ("distributed", "distributed.client", "distributed.core", "distributed.comm", "tornado.application"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def check_versions(client: Client) -> None:
    """Raise StudyError if the scheduler or a worker has other packages than this process, or lacks one."""
    here: Any = client.get_versions()
    ours, theirs = here["client"]["packages"]["distributed"], here["scheduler"]["packages"]["distributed"]
    if ours != theirs:
        raise StudyError(
            f"the scheduler has distributed {theirs}, and this machine {ours}; install the same version on both"
        )
    for package in SAME_VERSIONS:
        expected = importlib.metadata.version(package)
        for worker, found in client.run(_version, package).items():
            if found != expected:
                raise StudyError(
                    f"the worker at {worker} has {f'{package} {found}' if found else f'no {package}'}, and this "
                    f"machine {package} {expected}; install that version on every worker"
                )


def _version(package: str) -> str:
    """Return a package's version, or "" if it is not installed. Sent by value: the worker may not have barestyle."""
    import importlib.metadata

    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


class InputFiles(WorkerPlugin):
    """Writes the images of a study into a folder of every worker, also of workers that join later.

    Args:
        files: content of each image's file, by its SHA-256.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = dict(files)
        digest = hashlib.sha256("".join(sorted(files)).encode()).hexdigest()
        self.name = f"{INPUTS}-{digest[:12]}"

    def setup(self, worker: Worker) -> None:
        """Write the files that the worker does not have yet."""
        folder = inputs_folder(worker)
        folder.mkdir(parents=True, exist_ok=True)
        for sha256, data in self.files.items():
            if not (folder / sha256).exists():
                write_atomically(folder / sha256, data)


def send_inputs(files: Mapping[str, bytes], client: Client) -> None:
    """Give the images of a study to every worker, unless they have been sent to this cluster before."""
    plugin = InputFiles(files)
    is_known = client.run_on_scheduler(_has_plugin, name=plugin.name)  # type: ignore[no-untyped-call]
    if not is_known:
        client.register_plugin(plugin)


def _has_plugin(name: str, dask_scheduler: Any) -> bool:
    return name in dask_scheduler.worker_plugins


def inputs_folder(worker: Worker) -> Path:
    """Return the folder of a worker with the images of studies."""
    return Path(worker.local_directory) / INPUTS


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
