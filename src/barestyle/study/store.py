"""The store of a study: its declaration, cells and results in an Optuna study, its images in a folder."""

from __future__ import annotations

import hashlib
import threading
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import optuna
from optuna.exceptions import ExperimentalWarning, UpdateFinishedTrialError
from optuna.storages import RDBStorage, fail_stale_trials
from optuna.trial import FrozenTrial, TrialState
from pydantic import ValidationError

from barestyle.errors import StudyError
from barestyle.stop_reasons import StopReason
from barestyle.study.cell import Cell, CellResult
from barestyle.study.database import DATABASE_ERRORS, translate_database_errors
from barestyle.study.declaration import FORMAT, KIND, Study
from barestyle.study.queue import count_lost_workers, is_duplicate, is_final, requeue
from barestyle.study.stored_images import StoredImages
from barestyle.study.trial import (
    RESULT,
    is_finished_or_pending,
    make_attributes,
    read_cell,
    read_key,
    select_latest,
)

RESULT_IMAGE, INPUT_IMAGE = "result.png", "input-{}.png"
"""Names of stored images: a cell's result, and an input of the study."""

DECLARATION = "declaration"

OBJECTIVES: dict[str, Literal["minimize", "maximize"]] = {"held-out": "minimize", "ssim": "maximize"}
"""Metrics that Optuna's dashboard and samplers see of a cell: similarity to the style and to the content, both
without trained weights."""

optuna.logging.set_verbosity(optuna.logging.ERROR)  # barestyle reports errors itself
warnings.filterwarnings("ignore", category=ExperimentalWarning)  # heartbeats and artifacts


@dataclass(frozen=True)
class Lease:
    """A cell that one worker has for itself, until it completes, fails or releases it."""

    trial_id: int
    number: int
    cell: Cell


class Store:
    """The store of one study; `storage.open_store` opens it.

    Cells queued by an earlier declaration stay in the store, but only those of the latest one are run and reported.
    Every method raises StorageError if the database fails.
    """

    def __init__(self, storage: RDBStorage, study: optuna.Study, image_folder: Path) -> None:
        self._storage = storage
        self._study = study
        self._study_id = storage.get_study_id_from_name(study.study_name)
        self._grace = timedelta(seconds=storage.grace_period or 2 * (storage.get_heartbeat_interval() or 0))
        self._images = StoredImages(storage, image_folder)
        self.image_folder = image_folder

    # The declaration

    @property
    def declaration(self) -> Study:
        """The study as last declared. Raises StudyError for a store of another version, or an empty one."""
        declared = self._read_declaration()
        if not declared:
            raise StudyError(f"the store has no cells of {self._study.study_name!r} yet; run `barestyle study run`")
        with self._translate_invalid_data():
            return Study.model_validate(declared["study"])

    def read_attribute(self, name: str) -> Any:
        """Return what was declared beside the study: cells, images, weights, metrics, favored or machine."""
        return self._read_declaration()[name]

    @translate_database_errors
    def declare(self, study: Study, *, cells: Iterable[str], **attributes: Any) -> None:
        """Store the study and the keys of its cells, replacing an earlier declaration.

        Everything is one attribute, so that no reader sees half of it. Raises StudyError for a store of another
        version.
        """
        self._read_declaration()
        declared = {"kind": KIND, "format": FORMAT, "study": study.model_dump(mode="json"), "cells": list(cells)}
        self._study.set_user_attr(DECLARATION, {**declared, **attributes})

    @translate_database_errors
    def _read_declaration(self) -> dict[str, Any]:
        declared: dict[str, Any] = self._study.user_attrs.get(DECLARATION, {})
        if declared and (declared.get("kind"), declared.get("format")) != (KIND, FORMAT):
            raise self._wrong_format(declared)
        return declared

    def _wrong_format(self, declared: dict[str, Any]) -> StudyError:
        stored = f"{declared.get('kind', 'unnamed')} {declared.get('format')}"
        return StudyError(
            f"the store of {self._study.study_name!r} has format {stored!r}, not {f'{KIND} {FORMAT}'!r}; "
            "use the version of barestyle that wrote it, or choose another folder or storage"
        )

    @contextmanager
    def _translate_invalid_data(self) -> Iterator[None]:
        """Raise StudyError in place of ValidationError."""
        try:
            yield
        except ValidationError as error:
            field = ".".join(map(str, error.errors()[0]["loc"]))
            raise StudyError(
                f"the store of {self._study.study_name!r} cannot be read (its field {field} is not valid here); "
                "use the version of barestyle that wrote it, or choose another folder or storage"
            ) from None

    # Cells

    @translate_database_errors
    def enqueue(self, cells: Iterable[Cell], *, retry_failed: bool = False) -> int:
        """Queue cells that are not in the store yet, in order; return how many were queued."""
        trials = self._list_trials()
        lost_workers = count_lost_workers(trials)
        present = {
            read_key(trial)
            for trial in trials
            if is_finished_or_pending(trial)
            or (trial.state == TrialState.FAIL and not retry_failed and is_final(trial, lost_workers))
        }
        missing = [cell for cell in cells if cell.key not in present]
        for cell in missing:
            self._add_waiting(cell)
        return len(missing)

    @translate_database_errors
    def lease(self) -> Lease | None:
        """Return a lease on a waiting cell of the latest declaration, or None if no cell is waiting.

        Cells of lost workers are queued again first. If a cell was queued twice, which happens when two programs
        declare a study at once, its later trial is pruned.
        """
        self._requeue_lost()
        trials = self._list_trials()  # once: with a thousand waiting cells this takes most of a lease's time
        declared = set(self._read_declaration().get("cells", ()))
        waiting = [t for t in trials if t.state == TrialState.WAITING and read_key(t) in declared]
        for trial in sorted(waiting, key=lambda t: t.number):
            trial_id = self._find_trial_id(trial.number)
            # Before the change of state, so that a worker killed right after it is noticed as well.
            self._storage.record_heartbeat(trial_id)
            try:
                if not self._storage.set_trial_state_values(trial_id, TrialState.RUNNING):
                    continue
            except UpdateFinishedTrialError:
                continue
            if is_duplicate(trial, trials):
                self._storage.set_trial_state_values(trial_id, TrialState.PRUNED)
                continue
            with self._translate_invalid_data():
                return Lease(trial_id, trial.number, read_cell(trial))
        return None

    def _requeue_lost(self) -> None:
        """Queue the cells of silent workers again.

        `requeue` does so in the worker that noticed the silence. If that worker is killed before it has queued the
        cell, any worker may queue it after another grace period.
        """
        fail_stale_trials(self._study)
        if self._storage.get_n_trials(self._study_id, TrialState.FAIL) == 0:
            return
        trials = self._list_trials()
        lost_workers = count_lost_workers(trials)
        settled = {read_key(t) for t in trials if t.state != TrialState.FAIL or is_final(t, lost_workers)}
        for trial in {read_key(t): t for t in trials if read_key(t) not in settled}.values():
            if trial.datetime_complete is None or datetime.now() - trial.datetime_complete > self._grace:
                requeue(self._study, trial)

    @contextmanager
    def heartbeat(self, lease: Lease) -> Iterator[None]:
        """Report regularly that the lease's worker is alive, while the block runs."""
        done = threading.Event()
        interval = self._storage.get_heartbeat_interval()

        def beat() -> None:
            while not done.wait(interval):
                with suppress(*DATABASE_ERRORS):  # a database that fails for a moment costs one heartbeat, not the cell
                    self._storage.record_heartbeat(lease.trial_id)

        thread = threading.Thread(target=beat, name=f"heartbeat of {lease.number}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    @translate_database_errors
    def complete(self, lease: Lease, result: CellResult, image: Path) -> bool:
        """Record a result; return False if the cell has been given to another worker since."""
        values = [result.scores[name] for name in OBJECTIVES]
        try:
            self._storage.set_trial_user_attr(lease.trial_id, RESULT, result.to_data())
            self._images.add(self._storage.get_trial(lease.trial_id), RESULT_IMAGE, image)
            return self._storage.set_trial_state_values(lease.trial_id, TrialState.COMPLETE, values)
        except UpdateFinishedTrialError:
            return False

    @translate_database_errors
    def fail(self, lease: Lease, reason: str, stop_reason: StopReason | None = None) -> None:
        """Record that a cell failed, and why: a sentence, and a code if its optimization failed."""
        result = CellResult(cell=lease.cell, state="failed", stop_reason=stop_reason, reason=reason)
        with suppress(UpdateFinishedTrialError):  # another worker has the cell now
            self._storage.set_trial_user_attr(lease.trial_id, RESULT, result.to_data())
            self._storage.set_trial_state_values(lease.trial_id, TrialState.FAIL)

    @translate_database_errors
    def release(self, lease: Lease) -> None:
        """Queue a leased cell again, unfinished."""
        try:
            self._storage.set_trial_state_values(lease.trial_id, TrialState.PRUNED)
        except UpdateFinishedTrialError:
            return
        self._add_waiting(lease.cell)

    # Results

    @translate_database_errors
    def read_results(self) -> list[CellResult]:
        """Return every cell of the latest declaration once, with its state and result."""
        with self._translate_invalid_data():
            return select_latest(self._list_trials(), self._read_declaration().get("cells", ()))

    @translate_database_errors
    def find_image(self, result: CellResult) -> Path | None:
        """Return the image file of a done cell, or None if this machine does not have it."""
        return self._images.find(self._storage.get_trial(self._find_trial_id(result.number)), RESULT_IMAGE)

    @translate_database_errors
    def add_input(self, name: str, file: Path) -> None:
        """Store an input image of the study at the study's size, for reports."""
        if self.find_input(name) is None:
            self._images.add(self._study, self._input_filename(name), file)

    @translate_database_errors
    def find_input(self, name: str) -> Path | None:
        """Return the file of a stored input image, or None if this machine does not have it."""
        return self._images.find(self._study, self._input_filename(name))

    def _input_filename(self, name: str) -> str:
        """Return a file name that differs for another file of the same name, and for another size."""
        declared = self._read_declaration()
        identity = name, declared["images"][name]["sha256"], declared["study"]["size"]
        return INPUT_IMAGE.format(hashlib.sha256(repr(identity).encode()).hexdigest()[:12])

    def _add_waiting(self, cell: Cell) -> None:
        self._study.add_trial(optuna.create_trial(state=TrialState.WAITING, user_attrs=make_attributes(cell)))

    def _list_trials(self) -> list[FrozenTrial]:
        return self._study.get_trials(deepcopy=False)

    def _find_trial_id(self, number: int) -> int:
        return self._storage.get_trial_id_from_study_id_trial_number(self._study_id, number)
