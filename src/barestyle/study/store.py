"""Where a study's cells and results live: an Optuna study in a database, its pictures in an artifact store."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import optuna
from optuna.artifacts import FileSystemArtifactStore, get_all_artifact_meta, upload_artifact
from optuna.exceptions import ExperimentalWarning, StorageInternalError, UpdateFinishedTrialError
from optuna.storages import RDBStorage, fail_stale_trials
from optuna.trial import FrozenTrial, TrialState
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from barestyle.errors import StorageError, StudyError
from barestyle.stop_reasons import StopReason
from barestyle.study.declaration import FORMAT, Study
from barestyle.study.queue import is_final, is_second, lost_times, put_back
from barestyle.study.rows import STATES, Row, row_of

if TYPE_CHECKING:
    from barestyle.study.cell import Cell  # which knows pictures, and with them torch

PICTURE, INPUT = "picture.png", "input-{}.png"
"""Names of stored pictures: a cell's, and the study's own."""

DECLARATION = "declaration"

DATABASE_ERRORS = (SQLAlchemyError, StorageInternalError)

optuna.logging.set_verbosity(optuna.logging.ERROR)  # what goes wrong is told by us
warnings.filterwarnings("ignore", category=ExperimentalWarning)


@dataclass(frozen=True)
class Claim:
    """A cell that this worker has for itself."""

    trial_id: int
    number: int
    attributes: dict[str, Any]


Answer = TypeVar("Answer")
Asked = ParamSpec("Asked")


def _told(method: Callable[Asked, Answer]) -> Callable[Asked, Answer]:
    """A method of Store; where the database fails, its words become a StudyError."""

    @wraps(method)
    def asked(*arguments: Asked.args, **named: Asked.kwargs) -> Answer:
        try:
            return method(*arguments, **named)
        except DATABASE_ERRORS as error:
            raise StorageError(
                f"the study's storage failed ({cause(error)}); what is in it is kept, so run the same command again"
            ) from None

    return asked


def cause(error: BaseException) -> str:
    """The first line of what a database's driver said: the innermost error's."""
    while error.__cause__ is not None:
        error = error.__cause__
    original = getattr(error, "orig", None) or error
    return (str(original).strip() or type(original).__name__).splitlines()[0]


class Store:
    """A study's store; `storage.open_store` makes one.

    Cells that an earlier declaration queued stay in it, but only those of the latest one are run and shown.
    Whatever is asked of it raises StudyError where the database fails.
    """

    def __init__(self, storage: RDBStorage, study: optuna.Study, artifacts: Path) -> None:
        self._storage = storage
        self._study = study
        self._study_id = storage.get_study_id_from_name(study.study_name)
        self._patience = timedelta(seconds=storage.grace_period or 2 * (storage.get_heartbeat_interval() or 0))
        self.artifacts = artifacts

    # What the study is

    @property
    def declaration(self) -> Study:
        """The study as it was last declared. Raises StudyError for one of another version, or none."""
        declared = self._declared()
        if not declared:
            raise StudyError(
                f"the study {self._study.study_name!r} was never begun; `barestyle study run` with its name does"
            )
        try:
            return Study.model_validate(declared["study"])
        except ValidationError:
            raise self._of_another_version(declared["format"]) from None

    def attribute(self, name: str) -> Any:
        """What was declared beside the study: cells, pictures, weights, metrics, favored, machine."""
        return self._declared()[name]

    @_told
    def declare(self, study: Study, *, cells: Iterable[str], **beside: Any) -> None:
        """Say (again) what the study is and which cells it has. Raises StudyError for another version's store.

        All of it is one attribute, so that nobody ever sees a half.
        """
        self._declared()
        said = {"format": FORMAT, "study": study.model_dump(mode="json"), "cells": list(cells), **beside}
        self._study.set_user_attr(DECLARATION, said)

    @_told
    def _declared(self) -> dict[str, Any]:
        declared: dict[str, Any] = self._study.user_attrs.get(DECLARATION, {})
        if declared and declared.get("format") != FORMAT:
            raise self._of_another_version(declared.get("format"))
        return declared

    def _of_another_version(self, stored: object) -> StudyError:
        return StudyError(
            f"the store of {self._study.study_name!r} has format {stored!r} and this barestyle reads {FORMAT}; "
            "use the barestyle that wrote it, or another folder or storage"
        )

    # Its cells

    @_told
    def enqueue(self, cells: Iterable[Cell], *, retry_failed: bool = False) -> int:
        """Queue the cells that are not there yet, in order; returns how many were queued."""
        trials = self._trials()
        lost = lost_times(trials)
        present = {
            trial.user_attrs["cell"]
            for trial in trials
            if trial.state in (TrialState.WAITING, TrialState.RUNNING, TrialState.COMPLETE)
            or (trial.state == TrialState.FAIL and not retry_failed and is_final(trial, lost))
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

    @_told
    def claim(self) -> Claim | None:
        """A waiting cell of the declared ones for this worker alone, or None when none is waiting.

        Cells of workers that went silent are put back first. A cell that was queued twice, as two programs that
        declare a study at once may do, is run once: the later entry is set aside.
        """
        self._put_back_lost()
        trials = self._trials()  # once: with a thousand waiting cells this is most of a claim's time
        wanted = set(self._declared().get("cells", ()))
        waiting = sorted(
            (t for t in trials if t.state == TrialState.WAITING and t.user_attrs["cell"] in wanted),
            key=lambda t: t.number,
        )
        for trial in waiting:
            trial_id = self._trial_id(trial)
            # Before the claim, so that a worker killed right after it is noticed, too.
            self._storage.record_heartbeat(trial_id)
            try:
                if not self._storage.set_trial_state_values(trial_id, TrialState.RUNNING):
                    continue
            except UpdateFinishedTrialError:
                continue
            if is_second(trial, trials):
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
        lost = lost_times(trials)
        settled = {t.user_attrs["cell"] for t in trials if t.state != TrialState.FAIL or is_final(t, lost)}
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
                # A database that is away for a moment costs a sign of life, and not the cell.
                with suppress(*DATABASE_ERRORS):
                    self._storage.record_heartbeat(claim.trial_id)

        thread = threading.Thread(target=beat, name=f"heartbeat of {claim.number}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    @_told
    def complete(self, claim: Claim, values: Sequence[float], found: dict[str, Any], picture: Path) -> bool:
        """Record a result; False where the cell was given to another meanwhile, as this worker seemed dead."""
        try:
            for name, value in found.items():
                self._storage.set_trial_user_attr(claim.trial_id, name, value)
            self._upload(picture, self._storage.get_trial(claim.trial_id), PICTURE)
            return self._storage.set_trial_state_values(claim.trial_id, TrialState.COMPLETE, list(values))
        except UpdateFinishedTrialError:
            return False

    @_told
    def fail(self, claim: Claim, reason: str, stop_reason: StopReason | None = None) -> None:
        """Record that a cell could not be run, and why: a sentence, and a code if its optimization failed."""
        try:
            self._storage.set_trial_user_attr(claim.trial_id, "stop_reason", stop_reason)
            self._storage.set_trial_user_attr(claim.trial_id, "failure", reason)
            self._storage.set_trial_state_values(claim.trial_id, TrialState.FAIL)
        except UpdateFinishedTrialError:
            return  # another worker has it now

    @_told
    def release(self, claim: Claim) -> None:
        """Put a claimed cell back, unfinished."""
        try:
            self._storage.set_trial_state_values(claim.trial_id, TrialState.PRUNED)
        except UpdateFinishedTrialError:
            return
        self._study.add_trial(optuna.create_trial(state=TrialState.WAITING, user_attrs=claim.attributes))

    # What was found

    @_told
    def rows(self) -> list[Row]:
        """Every declared cell once, with its latest word: done before running, waiting and failed."""
        order = {"done": 0, "running": 1, "waiting": 2, "failed": 3}
        wanted = set(self._declared().get("cells", ()))
        latest: dict[str, Row] = {}
        for trial in self._trials():
            if trial.state not in STATES or trial.user_attrs["cell"] not in wanted:
                continue
            row = row_of(trial)
            before = latest.get(row.cell)
            if before is None or order[row.state] <= order[before.state]:
                latest[row.cell] = row
        return list(latest.values())

    @_told
    def picture(self, row: Row) -> Path | None:
        """The file of a done cell's picture, or None where this machine does not have it."""
        trial_id = self._storage.get_trial_id_from_study_id_trial_number(self._study_id, row.number)
        return self._file(self._storage.get_trial(trial_id), PICTURE)

    @_told
    def keep_input(self, name: str, picture: Path) -> None:
        """Store one of the study's own pictures at its size, for reports."""
        if self.input(name) is None:
            self._upload(picture, self._study, self._input(name))

    @_told
    def input(self, name: str) -> Path | None:
        """The file of one of the study's own pictures, or None where this machine does not have it."""
        return self._file(self._study, self._input(name))

    def _input(self, name: str) -> str:
        """What a picture is kept as: another one of the same name, or size, is kept beside it."""
        declared = self._declared()
        what = name, declared["pictures"][name]["sha256"], declared["study"]["size"]
        return INPUT.format(hashlib.sha256(repr(what).encode()).hexdigest()[:12])

    def _file(self, owner: optuna.Study | FrozenTrial, filename: str) -> Path | None:
        for meta in get_all_artifact_meta(owner, storage=self._storage):
            path = self.artifacts / meta.artifact_id
            if meta.filename == filename and path.is_file():
                return path
        return None

    def _upload(self, picture: Path, owner: optuna.Study | FrozenTrial, filename: str) -> None:
        try:
            self.artifacts.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory() as folder:  # an artifact is called what its file is called
                named = str(shutil.copy(picture, Path(folder) / filename))
                kept = FileSystemArtifactStore(str(self.artifacts))
                upload_artifact(artifact_store=kept, file_path=named, study_or_trial=owner, storage=self._storage)
        except OSError as error:
            raise StudyError(
                f"the study's pictures cannot be kept in {str(self.artifacts)!r} ({error.strerror}); make room there, "
                "or choose another folder with --into"
            ) from None

    def _trials(self) -> list[FrozenTrial]:
        return self._study.get_trials(deepcopy=False)

    def _trial_id(self, trial: FrozenTrial) -> int:
        return self._storage.get_trial_id_from_study_id_trial_number(self._study_id, trial.number)
