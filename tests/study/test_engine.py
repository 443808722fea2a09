"""The engine: every cell is run once and stored, also when a worker, the client or the scheduler is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from distributed import Client
from distributed.comm.core import CommClosedError

from barestyle.errors import StorageError, StudyError
from barestyle.study.cell import Cell, CellResult
from barestyle.study.cluster import InputFiles, open_local_client, open_remote_client
from barestyle.study.engine import run_cells
from barestyle.study.resolve import ResolvedStudy, declare, resolve_study
from barestyle.study.store import Store
from barestyle.study.yaml_loader import load
from tests.study.clusters import Cluster, start_cluster
from tests.study.conftest import RunHere

SLOW_STEPS = 20
"""Steps that take about a fifth of a second for a cell of the small study at 64 pixels."""


@pytest.fixture
def slow_study(study_file: Path) -> ResolvedStudy:
    """A study of 12 cells, each long enough for something to be killed while it runs."""
    text = study_file.read_text().replace("optimizer.steps: 2", f"optimizer.steps: {SLOW_STEPS}")
    study_file.write_text(text.replace("size: 32", "size: 96").replace("[0, 1]", "[0, 1, 2, 3]"))
    return resolve_study(load(str(study_file)), weights=None)


class CountedStore(Store):
    """A store that counts how often a result of each cell was written."""

    def __init__(self, location: Path) -> None:
        super().__init__(location)
        self.written: list[str] = []

    def write_result(self, result: CellResult, image: bytes | None) -> None:
        super().write_result(result, image)
        self.written.append(result.cell.key)


def open_counted(resolved: ResolvedStudy, folder: Path) -> CountedStore:
    store = CountedStore(folder)
    declare(resolved, store)
    return store


def waiting_cells(store: Store) -> list[Cell]:
    return [result.cell for result in store.read_results() if result.state == "waiting"]


def assert_each_is_done_once(store: CountedStore, cells: list[Cell]) -> None:
    assert {result.state for result in store.read_results()} == {"done"}
    assert sorted(store.written) == sorted(cell.key for cell in cells)


def test_workers_give_the_results_of_this_process(
    store: Store, small: ResolvedStudy, local_client: Client, run_here: RunHere, tmp_path: Path
) -> None:
    seen: list[CellResult] = []
    assert run_cells(small.cells, small, store, local_client, threads=1, on_result=seen.append) == len(small.cells)
    elsewhere = Store(tmp_path / "elsewhere")
    declare(small, elsewhere)
    expected = {result.cell.key: result for result in run_here(small, elsewhere)}
    assert {result.cell.key for result in seen} == expected.keys()
    for result in store.read_results():
        assert result.state == "done"
        assert result.scores == pytest.approx(expected[result.cell.key].scores, rel=1e-4)


def test_a_finished_study_runs_no_cell(store: Store, small: ResolvedStudy, local_client: Client) -> None:
    run_cells(small.cells, small, store, local_client)
    assert run_cells(waiting_cells(store), small, store, local_client) == 0


def test_a_request_to_stop_gives_up_what_is_running(
    slow_study: ResolvedStudy, local_client: Client, tmp_path: Path
) -> None:
    store = open_counted(slow_study, tmp_path / "store")
    stored = run_cells(slow_study.cells, slow_study, store, local_client, should_stop=lambda: len(store.written) >= 2)
    assert 2 <= stored < len(slow_study.cells)
    run_cells(waiting_cells(store), slow_study, store, local_client)
    assert_each_is_done_once(store, slow_study.cells)


def test_a_result_is_stored_even_if_the_scheduler_ends_when_the_next_cell_is_submitted(
    small: ResolvedStudy, local_client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_counted(small, tmp_path / "store")
    counts = iter([local_client.nthreads()])  # type: ignore[no-untyped-call]

    def count_threads() -> dict[str, int]:
        for threads in counts:
            return threads  # type: ignore[no-any-return]
        raise CommClosedError

    monkeypatch.setattr(local_client, "nthreads", count_threads)
    with pytest.raises(
        StudyError, match="the connection to the Dask scheduler was lost; the results so far are stored"
    ):
        run_cells(small.cells, small, store, local_client, threads=1)
    assert len(store.written) == 1


def test_a_failed_cell_stops_no_other(study_file: Path, local_client: Client, tmp_path: Path) -> None:
    """With weights so large that the loss of the starting image is infinite."""
    study_file.write_text(study_file.read_text().replace("weights: gaussian", "weights.magnitude: 1.0e+25"))
    resolved = resolve_study(load(str(study_file)), weights=None)
    store = open_counted(resolved, tmp_path / "store")
    run_cells(resolved.cells, resolved, store, local_client)
    results = store.read_results()
    failed = [result for result in results if result.state == "failed"]
    assert [(result.cell.variants, result.failure) for result in failed] == [(("gauss",), "exploded")] * 2
    assert {result.state for result in results if result not in failed} == {"done"}


def test_a_full_disk_ends_the_run_in_one_sentence(
    store: Store, small: ResolvedStudy, local_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_cells(small.cells[:2], small, store, local_client)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", fail)
        with pytest.raises(StorageError, match=r"No space left on device.*run the same command again"):
            run_cells(waiting_cells(store), small, store, local_client)
    assert len(waiting_cells(store)) == len(small.cells) - 2
    run_cells(waiting_cells(store), small, store, local_client)
    assert not waiting_cells(store)


def test_a_scheduler_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("barestyle.study.cluster.CONNECT_TIMEOUT", 1)
    for address in ("tcp://127.0.0.1:1", "nonsense", "http://127.0.0.1:1"):
        with pytest.raises(StudyError) as refusal, open_remote_client(address):
            pass
        assert f"there is no Dask scheduler of this version at {address!r} (" in str(refusal.value)
        assert "\n" not in str(refusal.value)


def test_a_worker_that_joins_later_has_the_images(tmp_path: Path) -> None:
    """The plugin writes them when a worker starts."""

    class FakeWorker:
        local_directory = str(tmp_path)

    InputFiles({"a" * 64: b"one"}).setup(FakeWorker())  # type: ignore[arg-type]
    InputFiles({"a" * 64: b"one", "b" * 64: b"two"}).setup(FakeWorker())  # type: ignore[arg-type]
    files = {path.name: path.read_bytes() for path in (tmp_path / "barestyle-inputs").iterdir()}
    assert files == {"a" * 64: b"one", "b" * 64: b"two"}


def when(condition: Callable[[], bool], action: Callable[[], object]) -> threading.Thread:
    """Start a thread that waits for a condition and then acts."""

    def watch() -> None:
        deadline = time.monotonic() + 150
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        action()

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_killed_worker_of_a_local_cluster_loses_no_cell(slow_study: ResolvedStudy, tmp_path: Path) -> None:
    store = open_counted(slow_study, tmp_path / "store")
    with open_local_client(2) as client:
        (victim, *_) = client.run(os.getpid).values()
        thread = when(lambda: len(store.written) >= 2, lambda: os.kill(victim, signal.SIGKILL))
        run_cells(slow_study.cells, slow_study, store, client, threads=1)
        thread.join()
    assert_each_is_done_once(store, slow_study.cells)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_cell_that_kills_its_workers_is_recorded_and_stops_no_other(
    slow_study: ResolvedStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its task is replaced by one that ends the worker, as too little memory would."""
    store = open_counted(slow_study, tmp_path / "store")
    victim = slow_study.cells[1]
    with open_local_client(2) as client:
        submit = client.submit

        def kill_for_victim(function: Any, job: Any, *, key: str) -> Any:
            return submit(os._exit, 1, key=key) if victim.key in key else submit(function, job, key=key)

        monkeypatch.setattr(client, "submit", kill_for_victim)
        run_cells(slow_study.cells, slow_study, store, client, threads=1)
    results = {result.cell.key: result for result in store.read_results()}
    assert results[victim.key].failure == "worker-lost"
    assert "4 workers ended while they ran it" in results[victim.key].reason
    assert {result.state for key, result in results.items() if key != victim.key} == {"done"}


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_killed_worker_of_a_separate_cluster_loses_no_cell(slow_study: ResolvedStudy, tmp_path: Path) -> None:
    store = open_counted(slow_study, tmp_path / "store")
    with start_cluster(tmp_path, workers=2) as cluster, open_remote_client(cluster.address) as client:
        client.wait_for_workers(2, timeout=100)
        thread = when(lambda: len(store.written) >= 2, cluster.workers[0].kill)
        run_cells(slow_study.cells, slow_study, store, client)
        thread.join()
    assert_each_is_done_once(store, slow_study.cells)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_killed_scheduler_ends_the_run_and_the_next_one_continues(slow_study: ResolvedStudy, tmp_path: Path) -> None:
    store = open_counted(slow_study, tmp_path / "store")
    with start_cluster(tmp_path, workers=2) as cluster, open_remote_client(cluster.address) as client:
        client.wait_for_workers(2, timeout=100)
        thread = when(lambda: len(store.written) >= 2, cluster.scheduler.kill)
        with pytest.raises(StudyError, match="the connection to the Dask scheduler was lost; the results so far are"):
            run_cells(slow_study.cells, slow_study, store, client)
        thread.join()
    assert 2 <= len(store.written) < len(slow_study.cells)
    with start_cluster(tmp_path, workers=2) as cluster, open_remote_client(cluster.address) as client:
        run_cells(waiting_cells(store), slow_study, store, client)
    assert_each_is_done_once(store, slow_study.cells)


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("is_separate", [False, True], ids=["local", "separate"])
def test_a_killed_client_continues_with_the_same_command(
    slow_study: ResolvedStudy, study_file: Path, tmp_path: Path, is_separate: bool
) -> None:
    """With a local cluster, the client's process is also that of the scheduler."""
    folder = tmp_path / "store"
    with start_cluster(tmp_path, workers=2) as cluster:
        options = ["--scheduler", cluster.address] if is_separate else ["--workers", "2"]
        command = [sys.executable, "-m", "barestyle", "study", "run", str(study_file), "--into", str(folder), *options]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 150
        while len(list((folder / "results").glob("*.json"))) < 2:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.kill()
        process.wait()
        stored = {file: file.stat().st_mtime_ns for file in (folder / "results").iterdir() if file.suffix == ".json"}
        assert 2 <= len(stored) < len(slow_study.cells)
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=200)
    assert {result.state for result in Store(folder).read_results()} == {"done"}
    assert {file: file.stat().st_mtime_ns for file in stored} == stored, "no finished cell is run again"


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_worker_without_the_package_is_named(tmp_path: Path) -> None:
    """The worker runs in an environment where barestyle's metadata are hidden."""
    hiding = tmp_path / "hide.py"
    hiding.write_text(
        "import importlib.metadata as m\n"
        "original = m.version\n"
        "def version(name):\n"
        "    if name == 'barestyle':\n"
        "        raise m.PackageNotFoundError(name)\n"
        "    return original(name)\n"
        "m.version = version\n"
    )
    cluster = Cluster(tmp_path)
    try:
        cluster.add_worker("--preload", str(hiding))
        with Client(cluster.address) as waiting:  # type: ignore[no-untyped-call]
            waiting.wait_for_workers(1, timeout=100)
        with (
            pytest.raises(StudyError, match=r"has no barestyle, and this machine barestyle .*; install that version"),
            open_remote_client(cluster.address),
        ):
            pass
    finally:
        cluster.close()
