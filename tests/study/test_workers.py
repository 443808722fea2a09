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

from barestyle.study.queue import MOST_RETRIES
from barestyle.study.resolve import Prepared, begin
from barestyle.study.storage import open_storage, open_store
from barestyle.study.store import Claim, Store

pytestmark = pytest.mark.slow

HEARTBEAT, GRACE = 1, 5

WORKER = f"""
import sys
from pathlib import Path
import torch
from barestyle.study.storage import open_storage, open_store
from barestyle.study.work import work
name, folder, storage, pause = sys.argv[1:]
torch.set_num_threads(1)
if float(pause):
    import time, barestyle.study.work as module
    painted = module._painted
    def slowly(*arguments):
        print("painting", flush=True)
        time.sleep(float(pause))
        return painted(*arguments)
    module._painted = slowly
store = open_store(name, Path(folder), storage=storage or None, heartbeat={HEARTBEAT}, grace={GRACE})
work(store)
"""


def worker(name: str, folder: Path, storage: str | None, *, pause: float = 0) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, name, str(folder), storage or "", str(pause)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> None:
    _, errors = process.communicate(timeout=90)
    assert process.returncode == 0, errors


def trials(name: str, folder: Path, storage: str | None) -> list[FrozenTrial]:
    opened = open_storage(folder, storage=storage)
    return optuna.load_study(study_name=name, storage=opened).get_trials()


def check_every_cell_done_once(small: Prepared, store: Store, everything: list[FrozenTrial], killed: int) -> None:
    done = Counter(trial.user_attrs["cell"] for trial in everything if trial.state == TrialState.COMPLETE)
    assert done == {cell.key: 1 for cell in small.cells}
    assert sum(trial.state == TrialState.FAIL for trial in everything) == killed, "only what was in flight was lost"
    assert len(everything) == len(small.cells) + killed
    rows = store.rows()
    assert {row.state for row in rows} == {"done"}
    assert all(store.picture(row) is not None for row in rows)


def test_killed_in_the_middle_it_goes_on_from_there(store: Store, small: Prepared, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    store = open_store("small", folder, heartbeat=HEARTBEAT, grace=GRACE)
    first = worker("small", folder, None, pause=0.5)
    assert first.stdout is not None
    for _ in range(3):
        assert first.stdout.readline() == "painting\n"
    first.send_signal(signal.SIGKILL)
    first.communicate()
    kept = {trial.number for trial in trials("small", folder, None) if trial.state == TrialState.COMPLETE}
    assert len(kept) == 2
    assert begin(small, store) == 0, "what is in the store is not queued again"
    ended(worker("small", folder, None))
    everything = trials("small", folder, None)
    check_every_cell_done_once(small, store, everything, killed=1)
    assert kept <= {trial.number for trial in everything if trial.state == TrialState.COMPLETE}


def test_two_workers_on_sqlite(store: Store, small: Prepared, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    pair = [worker("small", folder, None, pause=0.2) for _ in range(2)]
    for process in pair:
        ended(process)
    check_every_cell_done_once(small, store, trials("small", folder, None), killed=0)


def at_once(number: int, opened: Callable[[], Store]) -> list[Claim]:
    """What so many stores claim in threads that start together: all read the queue before any has taken from it."""
    stores = [opened() for _ in range(number)]
    barrier = Barrier(number)

    def claim(one: Store) -> Claim | None:
        barrier.wait()
        return one.claim()

    with ThreadPoolExecutor(number) as pool:
        claims = [claim for claim in pool.map(claim, stores) if claim is not None]
    assert len(claims) == number
    return claims


def test_two_workers_who_want_the_same_cell(store: Store, small: Prepared, tmp_path: Path) -> None:
    claims = at_once(4, lambda: open_store("small", tmp_path / "store"))
    assert len({claim.number for claim in claims}) == 4


def test_a_silence_that_several_notice_is_mended_once(
    store: Store, small: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mortal = open_store("small", tmp_path / "store", heartbeat=1, grace=1)
    taken = mortal.claim()
    assert taken is not None
    time.sleep(2.1)  # without a sign of life
    noticed = Barrier(4)

    def all_notice(study: optuna.Study) -> None:
        fail_stale_trials(study)
        noticed.wait()

    monkeypatch.setattr("barestyle.study.store.fail_stale_trials", all_notice)
    claims = at_once(4, lambda: open_store("small", tmp_path / "store", heartbeat=1, grace=1))
    assert len({claim.number for claim in claims}) == 4
    cells = Counter(trial.user_attrs["cell"] for trial in trials("small", tmp_path / "store", None))
    assert cells == {cell.key: 2 if cell.key == taken.attributes["cell"] else 1 for cell in small.cells}


def test_a_cell_whose_finder_was_killed_before_queueing_it(store: Store, small: Prepared, tmp_path: Path) -> None:
    """In the moment between noticing a silence and mending it: when that is long past, anybody mends it."""
    patient = open_store("small", tmp_path / "store", heartbeat=1, grace=2)
    for _ in small.cells[1:]:
        claim = patient.claim()
        assert claim is not None
        patient.fail(claim, "not the one")
    lost = patient.claim()
    assert lost is not None
    patient._storage.set_trial_state_values(lost.trial_id, TrialState.FAIL)
    assert patient.claim() is None, "its finder may be about to queue it"
    time.sleep(2.1)
    found = patient.claim()
    assert found is not None
    assert found.attributes["cell"] == lost.attributes["cell"]


def test_a_cell_that_was_queued_twice_is_run_once(store: Store, small: Prepared, tmp_path: Path) -> None:
    for trial in trials("small", tmp_path / "store", None):
        store._study.add_trial(trial)
    ended(worker("small", tmp_path / "store", None))
    states = Counter(trial.state for trial in trials("small", tmp_path / "store", None))
    assert states == {TrialState.COMPLETE: len(small.cells), TrialState.PRUNED: len(small.cells)}


def test_a_cell_that_kills_its_workers_is_given_up(store: Store, small: Prepared, tmp_path: Path) -> None:
    mortal = open_store("small", tmp_path / "store", heartbeat=1, grace=1)
    for _ in small.cells[1:]:
        claim = mortal.claim()
        assert claim is not None
        mortal.fail(claim, "not the one")
    for _ in range(1 + MOST_RETRIES):
        assert mortal.claim() is not None
        time.sleep(2.1)  # without a sign of life
    assert mortal.claim() is None
    (row,) = (row for row in mortal.rows() if row.reason != "not the one")
    assert row.state == "failed"
    assert row.reason == "its worker ended without a word; there may be too little memory for it"
    assert begin(small, mortal) == 0


def test_three_workers_on_postgresql_one_of_them_killed(
    small: Prepared, tmp_path: Path, unused_name: str, postgresql: Callable[[], str]
) -> None:
    url = postgresql()
    named = Prepared(**{**vars(small), "study": small.study.model_copy(update={"study": unused_name})})
    store = open_store(unused_name, tmp_path, storage=url, create=True, heartbeat=HEARTBEAT, grace=GRACE)
    assert begin(named, store) == len(small.cells)
    workers = [worker(unused_name, tmp_path, url, pause=1) for _ in range(3)]
    assert workers[0].stdout is not None
    assert workers[0].stdout.readline() == "painting\n"
    workers[0].send_signal(signal.SIGKILL)
    workers[0].communicate()
    for process in workers[1:]:
        ended(process)
    check_every_cell_done_once(named, store, trials(unused_name, tmp_path, url), killed=1)


@pytest.mark.parametrize(
    ("storage", "words"),
    [
        ("postgresql+psycopg://nobody@127.0.0.1:1/none", "cannot be used (connection"),
        ("nonsense", "cannot be used"),
        ("mysterious://here", "cannot be used"),
    ],
)
def test_a_storage_that_cannot_be_reached(tmp_path: Path, storage: str, words: str) -> None:
    from barestyle.errors import StudyError

    with pytest.raises(StudyError) as refusal:
        open_store("small", tmp_path, storage=storage, create=True)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)
