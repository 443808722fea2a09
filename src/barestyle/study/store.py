"""Where a study's cells and results live: an Optuna study in a database, its pictures in an artifact store."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import threading
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import optuna
from optuna.artifacts import FileSystemArtifactStore, get_all_artifact_meta, upload_artifact
from optuna.exceptions import ExperimentalWarning, UpdateFinishedTrialError
from optuna.storages import RDBStorage, fail_stale_trials
from optuna.trial import FrozenTrial, TrialState

from barestyle.errors import StudyError
from barestyle.study.declared import FORMAT, Study

if TYPE_CHECKING:
    from barestyle.study.cells import Cell  # which knows pictures, and with them torch

MOST_RETRIES = 3
"""A cell that killed this many workers is recorded as failed: it would kill the next one, too."""

PICTURE, INPUT = "picture.png", "input-{}.png"
"""Names of stored pictures: a cell's, and the study's own."""

optuna.logging.set_verbosity(optuna.logging.ERROR)  # what goes wrong is told by us
warnings.filterwarnings("ignore", category=ExperimentalWarning)


@dataclass(frozen=True)
class Row:
    """A cell in the store: what it is, how far it has come, and what was found.

    `state` is waiting, running, done or failed; `scores` by metric; `trace` is the loss at up to 100 evenly
    spaced iterates; `reason` says why the search ended, or the cell failed.
    """

    number: int
    cell: str
    digest: str
    content: str
    style: str
    seed: int
    state: str
    scores: dict[str, float]
    trace: tuple[float, ...]
    evaluations: int
    restarts: int
    seconds: float
    reason: str


@dataclass(frozen=True)
class Claim:
    """A cell that this worker has for itself."""

    trial_id: int
    number: int
    attributes: dict[str, Any]


_STATES = {
    TrialState.WAITING: "waiting",
    TrialState.RUNNING: "running",
    TrialState.COMPLETE: "done",
    TrialState.FAIL: "failed",
}


class Store:
    """A study's store; `storage.open_store` makes one."""

    def __init__(self, storage: RDBStorage, study: optuna.Study, artifacts: Path) -> None:
        self._storage = storage
        self._study = study
        self._study_id = storage.get_study_id_from_name(study.study_name)
        self._patience = timedelta(seconds=storage.grace_period or 2 * (storage.get_heartbeat_interval() or 0))
        self.artifacts = artifacts
        artifacts.mkdir(parents=True, exist_ok=True)
        self._artifact_store = FileSystemArtifactStore(str(artifacts))

    # What the study is

    @property
    def declaration(self) -> Study:
        """The study as it was last declared. Raises StudyError for one of another version."""
        attributes = self._study.user_attrs
        stored = attributes.get("format")
        if stored != FORMAT:
            raise StudyError(
                f"the store of {self._study.study_name!r} has format {stored!r} and this barestyle reads {FORMAT}; "
                "use the barestyle that wrote it, or another folder or storage"
            )
        return Study.model_validate(attributes["declaration"])

    def attribute(self, name: str) -> Any:
        """What was declared beside the study: pictures, weights, metrics, favoured, machine."""
        return self._study.user_attrs[name]

    def declare(self, study: Study, **beside: Any) -> None:
        """Say (again) what the study is; cells that are stored stay. Raises StudyError for another version's store."""
        if "format" in self._study.user_attrs:
            _ = self.declaration
        for name, value in {"format": FORMAT, "declaration": study.model_dump(mode="json"), **beside}.items():
            self._study.set_user_attr(name, value)

    # Its cells

    def enqueue(self, cells: Iterable[Cell], *, retry_failed: bool = False) -> int:
        """Queue the cells that are not there yet, in order; returns how many were queued."""
        trials = self._trials()
        lost = _lost(trials)
        present = {
            trial.user_attrs["cell"]
            for trial in trials
            if trial.state in (TrialState.WAITING, TrialState.RUNNING, TrialState.COMPLETE)
            or (trial.state == TrialState.FAIL and not retry_failed and _is_final(trial, lost))
        }
        missing = [cell for cell in cells if cell.key not in present]
        for cell in missing:
            self._study.add_trial(
                optuna.create_trial(
                    state=TrialState.WAITING,
                    user_attrs={
                        "cell": cell.key,
                        "digest": cell.spec.digest,
                        "content": cell.pair.content,
                        "style": cell.pair.style,
                        "seed": cell.seed,
                        "spec": cell.spec.model_dump(mode="json"),
                        "names": list(cell.names),
                    },
                )
            )
        return len(missing)

    def claim(self) -> Claim | None:
        """A waiting cell for this worker alone, or None when none is waiting.

        Cells of workers that went silent are put back first. A cell that was queued twice, as two programs that
        declare a study at once may do, is run once: the later entry is set aside.
        """
        self._put_back_lost()
        trials = self._trials()  # once: with a thousand waiting cells this is most of a claim's time
        waiting = sorted((t for t in trials if t.state == TrialState.WAITING), key=lambda t: t.number)
        for trial in waiting:
            trial_id = self._trial_id(trial)
            # Before the claim, so that a worker killed right after it is noticed, too.
            self._storage.record_heartbeat(trial_id)
            try:
                if not self._storage.set_trial_state_values(trial_id, TrialState.RUNNING):
                    continue
            except UpdateFinishedTrialError:
                continue
            if _is_second(trial, trials):
                self._storage.set_trial_state_values(trial_id, TrialState.PRUNED)
                continue
            return Claim(trial_id, trial.number, dict(trial.user_attrs))
        return None

    def _put_back_lost(self) -> None:
        """Queue again the cells of workers that went silent.

        `put_back` does so where it was this worker that noticed the silence. What remains is a cell whose finder
        was killed between noticing it and queueing it: after another grace period anybody may queue it.
        """
        fail_stale_trials(self._study)
        if self._storage.get_n_trials(self._study_id, TrialState.FAIL) == 0:
            return
        trials = self._trials()
        lost = _lost(trials)
        settled = {t.user_attrs["cell"] for t in trials if t.state != TrialState.FAIL or _is_final(t, lost)}
        for trial in {t.user_attrs["cell"]: t for t in trials if t.user_attrs["cell"] not in settled}.values():
            if trial.datetime_complete is None or datetime.now() - trial.datetime_complete > self._patience:
                put_back(self._study, trial)

    @contextmanager
    def alive(self, claim: Claim) -> Iterator[None]:
        """Give signs of life for a claimed cell while the block runs."""
        done = threading.Event()
        interval = self._storage.get_heartbeat_interval()

        def beat() -> None:
            while not done.wait(interval):
                self._storage.record_heartbeat(claim.trial_id)

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def complete(self, claim: Claim, values: Sequence[float], found: dict[str, Any], picture: Path) -> bool:
        """Record a result; False where the cell was given to another meanwhile, as this worker seemed dead."""
        try:
            for name, value in found.items():
                self._storage.set_trial_user_attr(claim.trial_id, name, value)
            self._upload(picture, self._storage.get_trial(claim.trial_id), PICTURE)
            return self._storage.set_trial_state_values(claim.trial_id, TrialState.COMPLETE, list(values))
        except UpdateFinishedTrialError:
            return False

    def fail(self, claim: Claim, reason: str) -> None:
        """Record that a cell could not be run, and why."""
        try:
            self._storage.set_trial_user_attr(claim.trial_id, "failure", reason)
            self._storage.set_trial_state_values(claim.trial_id, TrialState.FAIL)
        except UpdateFinishedTrialError:
            return  # another worker has it now

    def release(self, claim: Claim) -> None:
        """Put a claimed cell back, unfinished."""
        try:
            self._storage.set_trial_state_values(claim.trial_id, TrialState.PRUNED)
        except UpdateFinishedTrialError:
            return
        self._study.add_trial(optuna.create_trial(state=TrialState.WAITING, user_attrs=claim.attributes))

    # What was found

    def rows(self) -> list[Row]:
        """Every cell once, with its latest word: done before running, waiting and failed."""
        order = {"done": 0, "running": 1, "waiting": 2, "failed": 3}
        latest: dict[str, Row] = {}
        for trial in self._trials():
            if trial.state not in _STATES:
                continue
            row = _row(trial)
            before = latest.get(row.cell)
            if before is None or order[row.state] <= order[before.state]:
                latest[row.cell] = row
        return list(latest.values())

    def picture(self, row: Row) -> Path | None:
        """The file of a done cell's picture, or None where this machine does not have it."""
        trial_id = self._storage.get_trial_id_from_study_id_trial_number(self._study_id, row.number)
        return self._file(self._storage.get_trial(trial_id), PICTURE)

    def keep_input(self, name: str, picture: Path) -> None:
        """Store one of the study's own pictures, for reports."""
        if self.input(name) is None:
            self._upload(picture, self._study, INPUT.format(_safe(name)))

    def input(self, name: str) -> Path | None:
        """The file of one of the study's own pictures, or None where this machine does not have it."""
        return self._file(self._study, INPUT.format(_safe(name)))

    def _file(self, owner: optuna.Study | FrozenTrial, filename: str) -> Path | None:
        for meta in get_all_artifact_meta(owner, storage=self._storage):
            path = self.artifacts / meta.artifact_id
            if meta.filename == filename and path.is_file():
                return path
        return None

    def _upload(self, picture: Path, owner: optuna.Study | FrozenTrial, filename: str) -> None:
        with tempfile.TemporaryDirectory() as folder:  # an artifact is called what its file is called
            named = str(shutil.copy(picture, Path(folder) / filename))
            upload_artifact(
                artifact_store=self._artifact_store, file_path=named, study_or_trial=owner, storage=self._storage
            )

    def _trials(self) -> list[FrozenTrial]:
        return self._study.get_trials(deepcopy=False)

    def _trial_id(self, trial: FrozenTrial) -> int:
        return self._storage.get_trial_id_from_study_id_trial_number(self._study_id, trial.number)


def _is_second(trial: FrozenTrial, trials: Iterable[FrozenTrial]) -> bool:
    """Whether an earlier entry of the same cell is waiting, at work or done."""
    return any(
        other.number < trial.number
        and other.user_attrs["cell"] == trial.user_attrs["cell"]
        and other.state in (TrialState.WAITING, TrialState.RUNNING, TrialState.COMPLETE)
        for other in trials
    )


def put_back(study: optuna.Study, lost: FrozenTrial) -> None:
    """Queue a lost trial's cell again, unless it has killed too many workers.

    Optuna calls this for the one worker whose transition of the silent trial to failed was taken, so that
    several that notice the same silence queue its cell once.
    """
    if not _is_final(lost, _lost(study.get_trials(deepcopy=False))):
        study.add_trial(optuna.create_trial(state=TrialState.WAITING, user_attrs=_identity(lost)))


_IDENTITY = ("cell", "digest", "content", "style", "seed", "spec", "names")
"""What a cell is, before anything was found."""


def _identity(trial: FrozenTrial) -> dict[str, Any]:
    return {name: trial.user_attrs[name] for name in _IDENTITY}


def _lost(trials: Iterable[FrozenTrial]) -> Counter[str]:
    """How often each cell's worker ended without a word."""
    return Counter(t.user_attrs["cell"] for t in trials if t.state == TrialState.FAIL and "failure" not in t.user_attrs)


def _is_final(trial: FrozenTrial, lost: Counter[str]) -> bool:
    """Whether a failed trial's cell is to be left alone: it failed for a reason, or time and again for none."""
    return "failure" in trial.user_attrs or lost[trial.user_attrs["cell"]] > MOST_RETRIES


def _row(trial: FrozenTrial) -> Row:
    found = trial.user_attrs
    silent = "its worker ended without a word; there may be too little memory for it"
    return Row(
        number=trial.number,
        cell=found["cell"],
        digest=found["digest"],
        content=found["content"],
        style=found["style"],
        seed=found["seed"],
        state=_STATES[trial.state],
        scores=found.get("scores", {}),
        trace=tuple(found.get("trace", ())),
        evaluations=found.get("evaluations", 0),
        restarts=found.get("restarts", 0),
        seconds=found.get("seconds", 0.0),
        reason=found.get("failure", silent) if trial.state == TrialState.FAIL else found.get("reason", ""),
    )


def _safe(name: str) -> str:
    """A file name for a picture's name: a digest keeps two paths apart that end alike."""
    return hashlib.sha256(name.encode()).hexdigest()[:12]
