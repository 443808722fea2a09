"""Several workers, some of them killed: no cell is lost, and none is run twice."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import optuna
import pytest
from optuna.storages import fail_stale_trials
from optuna.trial import FrozenTrial, TrialState

from barestyle.study.queue import MAX_LOST_WORKERS
from barestyle.study.resolve import ResolvedStudy, prepare_store
from barestyle.study.storage import open_storage, open_store
from barestyle.study.store import Lease, Store
from barestyle.study.trial import LOST_WORKER, read_key

pytestmark = pytest.mark.slow

HEARTBEAT, GRACE = 1, 5

WORKER = f"""
import sys
from pathlib import Path
import torch
from barestyle.study.storage import open_store
from barestyle.study.work import work
name, folder, storage, pause = sys.argv[1:]
torch.set_num_threads(1)
if float(pause):
    import time, barestyle.study.work as module
    run_cell = module._run_cell
    def run_slowly(*arguments):
        print("running", flush=True)
        time.sleep(float(pause))
        return run_cell(*arguments)
    module._run_cell = run_slowly
store = open_store(name, Path(folder), storage=storage or None, heartbeat={HEARTBEAT}, grace={GRACE})
work(store)
"""


def start_worker(name: str, folder: Path, storage: str | None, *, pause: float = 0) -> subprocess.Popen[str]:
    """A process that works on a study, and prints a line and pauses before every cell if `pause` is not 0."""
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, name, str(folder), storage or "", str(pause)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(process: subprocess.Popen[str]) -> None:
    _, errors = process.communicate(timeout=90)
    assert process.returncode == 0, errors


def read_trials(name: str, folder: Path, storage: str | None) -> list[FrozenTrial]:
    return optuna.load_study(study_name=name, storage=open_storage(folder, storage=storage)).get_trials()


def check_every_cell_done_once(small: ResolvedStudy, store: Store, trials: list[FrozenTrial], killed: int) -> None:
    done = Counter(read_key(trial) for trial in trials if trial.state == TrialState.COMPLETE)
    assert done == {cell.key: 1 for cell in small.cells}
    assert sum(trial.state == TrialState.FAIL for trial in trials) == killed, "only running cells were lost"
    assert len(trials) == len(small.cells) + killed
    results = store.read_results()
    assert {result.state for result in results} == {"done"}
    assert all(store.find_image(result) is not None for result in results)


def test_a_killed_study_continues(store: Store, small: ResolvedStudy, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    store = open_store("small", folder, heartbeat=HEARTBEAT, grace=GRACE)
    first = start_worker("small", folder, None, pause=0.5)
    assert first.stdout is not None
    for _ in range(3):
        assert first.stdout.readline() == "running\n"
    first.send_signal(signal.SIGKILL)
    first.communicate()
    done = {trial.number for trial in read_trials("small", folder, None) if trial.state == TrialState.COMPLETE}
    assert len(done) == 2
    assert prepare_store(small, store) == 0, "cells in the store are not queued again"
    wait_for(start_worker("small", folder, None))
    trials = read_trials("small", folder, None)
    check_every_cell_done_once(small, store, trials, killed=1)
    assert done <= {trial.number for trial in trials if trial.state == TrialState.COMPLETE}


def test_two_workers_share_an_sqlite_file(store: Store, small: ResolvedStudy, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    workers = [start_worker("small", folder, None, pause=0.2) for _ in range(2)]
    for process in workers:
        wait_for(process)
    check_every_cell_done_once(small, store, read_trials("small", folder, None), killed=0)


def lease_at_once(number: int, open_one: Callable[[], Store]) -> list[Lease]:
    """The leases of several stores in threads that start together: all read the queue before any changes it."""
    stores = [open_one() for _ in range(number)]
    barrier = Barrier(number)

    def lease(store: Store) -> Lease | None:
        barrier.wait()
        return store.lease()

    with ThreadPoolExecutor(number) as pool:
        leases = [each for each in pool.map(lease, stores) if each is not None]
    assert len(leases) == number
    return leases


def test_workers_that_want_the_same_cell_get_different_ones(store: Store, tmp_path: Path) -> None:
    leases = lease_at_once(4, lambda: open_store("small", tmp_path / "store"))
    assert len({lease.number for lease in leases}) == 4


def test_a_silent_worker_that_several_notice_is_replaced_once(
    store: Store, small: ResolvedStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = open_store("small", tmp_path / "store", heartbeat=1, grace=1).lease()
    assert silent is not None
    time.sleep(2.1)  # without a heartbeat
    barrier = Barrier(4)

    def fail_stale_together(study: optuna.Study) -> None:
        fail_stale_trials(study)
        barrier.wait()

    monkeypatch.setattr("barestyle.study.store.fail_stale_trials", fail_stale_together)
    leases = lease_at_once(4, lambda: open_store("small", tmp_path / "store", heartbeat=1, grace=1))
    assert len({lease.number for lease in leases}) == 4
    trials = Counter(read_key(trial) for trial in read_trials("small", tmp_path / "store", None))
    assert trials == {cell.key: 2 if cell == silent.cell else 1 for cell in small.cells}


def test_a_lost_cell_is_queued_again_by_any_worker_after_a_grace_period(
    store: Store, small: ResolvedStudy, tmp_path: Path
) -> None:
    """A worker can be killed after it has set a silent trial to failed and before it has queued the cell."""
    patient = open_store("small", tmp_path / "store", heartbeat=1, grace=2)
    for _ in small.cells[1:]:
        lease = patient.lease()
        assert lease is not None
        patient.fail(lease, "another cell")
    lost = patient.lease()
    assert lost is not None
    patient._storage.set_trial_state_values(lost.trial_id, TrialState.FAIL)
    assert patient.lease() is None, "the worker that set it to failed may be about to queue it"
    time.sleep(2.1)
    again = patient.lease()
    assert again is not None
    assert again.cell == lost.cell


def test_a_cell_that_was_queued_twice_is_run_once(store: Store, small: ResolvedStudy, tmp_path: Path) -> None:
    for trial in read_trials("small", tmp_path / "store", None):
        store._study.add_trial(trial)
    wait_for(start_worker("small", tmp_path / "store", None))
    states = Counter(trial.state for trial in read_trials("small", tmp_path / "store", None))
    assert states == {TrialState.COMPLETE: len(small.cells), TrialState.PRUNED: len(small.cells)}


def test_a_cell_that_kills_its_workers_stays_failed(store: Store, small: ResolvedStudy, tmp_path: Path) -> None:
    impatient = open_store("small", tmp_path / "store", heartbeat=1, grace=1)
    for _ in small.cells[1:]:
        lease = impatient.lease()
        assert lease is not None
        impatient.fail(lease, "another cell")
    for _ in range(1 + MAX_LOST_WORKERS):
        assert impatient.lease() is not None
        time.sleep(2.1)  # without a heartbeat
    assert impatient.lease() is None
    (result,) = (result for result in impatient.read_results() if result.reason != "another cell")
    assert (result.state, result.reason) == ("failed", LOST_WORKER)
    assert prepare_store(small, impatient) == 0


def test_three_workers_share_a_postgresql_database_and_one_is_killed(
    small: ResolvedStudy, tmp_path: Path, unused_name: str, postgresql: Callable[[], str]
) -> None:
    url = postgresql()
    renamed = ResolvedStudy(**{**vars(small), "study": small.study.model_copy(update={"study": unused_name})})
    store = open_store(unused_name, tmp_path, storage=url, create=True, heartbeat=HEARTBEAT, grace=GRACE)
    assert prepare_store(renamed, store) == len(small.cells)
    workers = [start_worker(unused_name, tmp_path, url, pause=1) for _ in range(3)]
    assert workers[0].stdout is not None
    assert workers[0].stdout.readline() == "running\n"
    workers[0].send_signal(signal.SIGKILL)
    workers[0].communicate()
    for process in workers[1:]:
        wait_for(process)
    check_every_cell_done_once(renamed, store, read_trials(unused_name, tmp_path, url), killed=1)
