"""A Dask scheduler and workers as programs of their own, as on a cluster."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DASK = [sys.executable, "-m", "dask"]


class Cluster:
    """Processes of a scheduler and its workers; `kill` sends SIGKILL."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        file = folder / f"scheduler-{time.monotonic_ns()}.json"
        options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)]
        self.scheduler = self._start("scheduler", *options)
        self.address = _wait_for_address(file)
        self.workers: list[subprocess.Popen[bytes]] = []

    def add_worker(self, *options: str) -> subprocess.Popen[bytes]:
        """Start a worker without a nanny, so that it is not started again when it is killed."""
        folder = ["--local-directory", str(self._folder)]
        worker = self._start(
            "worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard", *folder, *options
        )
        self.workers.append(worker)
        return worker

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        with (self._folder / "dask.log").open("ab") as log:
            return subprocess.Popen([*DASK, *arguments], stdout=log, stderr=log, cwd=self._folder)


@contextmanager
def start_cluster(folder: Path, workers: int) -> Iterator[Cluster]:
    """Yield a scheduler with a number of workers; all of them are killed at the end."""
    cluster = Cluster(folder)
    try:
        for _ in range(workers):
            cluster.add_worker()
        yield cluster
    finally:
        cluster.close()


def _wait_for_address(file: Path) -> str:
    import json

    deadline = time.monotonic() + 100
    while not file.exists():
        assert time.monotonic() < deadline, "the scheduler never started"
        time.sleep(0.05)
    return str(json.loads(file.read_text())["address"])
