"""Opening a store: an SQLite file in the study's folder, or a database that several machines can reach."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import sqlalchemy
from optuna.exceptions import DuplicatedStudyError
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial
from sqlalchemy.exc import ArgumentError

from barestyle.errors import StudyError
from barestyle.study.database import DATABASE_ERRORS, describe_error
from barestyle.study.queue import requeue
from barestyle.study.schema import create_database_file, hold_creation_lock
from barestyle.study.store import OBJECTIVES, Store

DATABASE_FILE = "study.sqlite3"
IMAGE_FOLDER = "images"

HEARTBEAT = 5
GRACE = 30
"""Seconds between heartbeats of a worker, and without one until its cell is queued again."""

LOCK_TIMEOUT = 60
"""Seconds that a worker waits for others to finish writing to an SQLite file."""

OnLost = Callable[[optuna.Study, FrozenTrial], None]


def open_storage(
    folder: Path,
    *,
    storage: str | None = None,
    create: bool = False,
    heartbeat: int = HEARTBEAT,
    grace: int = GRACE,
    on_lost: OnLost | None = None,
) -> RDBStorage:
    """Return the database in a folder, or at the URL `storage`; see `open_store`. Raises StudyError.

    `on_lost` is called with a trial whose worker is silent, in the one program that set its state to failed.
    """
    try:
        if create:
            folder.mkdir(parents=True, exist_ok=True)
            if storage is None:
                create_database_file(folder / DATABASE_FILE)
        return _connect(storage or f"sqlite:///{(folder / DATABASE_FILE).resolve()}", heartbeat, grace, on_lost)
    except DATABASE_ERRORS as error:
        raise StudyError(
            f"the storage {_hide_password(storage or folder / DATABASE_FILE)} cannot be used "
            f"({describe_error(error)}); check it"
        ) from None
    except (ModuleNotFoundError, ArgumentError) as error:
        raise StudyError(
            f"the storage {_hide_password(storage)} cannot be used ({error}); for PostgreSQL, "
            "pip install 'barestyle[postgresql]' and write postgresql+psycopg://user@host/database"
        ) from None
    except OSError as error:
        raise StudyError(
            f"the folder {str(folder)!r} cannot be used ({error.strerror}); choose another with --into"
        ) from None
    except RuntimeError as error:  # raised by Optuna for an unknown schema
        raise StudyError(
            f"the storage {_hide_password(storage or folder / DATABASE_FILE)} was written by another version of "
            f"Optuna ({error}); install that version, or choose another folder or storage"
        ) from None


def open_store(
    name: str,
    folder: Path,
    *,
    storage: str | None = None,
    create: bool = False,
    heartbeat: int = HEARTBEAT,
    grace: int = GRACE,
) -> Store:
    """Return the store of a study.

    Args:
        name: of the study.
        folder: holds the images, and the database if `storage` is None. Machines that work together share the
            folder, or each one keeps the images of its own cells.
        storage: URL of a database, like postgresql+psycopg://user@host/database.
        create: whether to create a store that does not exist.
        heartbeat: seconds between heartbeats of a worker.
        grace: seconds without a heartbeat after which a cell is queued again; the same for all workers of a study.

    Raises StudyError if there is no store, or the database cannot be reached or was written by a newer Optuna.
    """
    if storage is None and not create and not (folder / DATABASE_FILE).is_file():
        raise StudyError(f"there is no study in {str(folder)!r}; start one with `barestyle study run {name}`")
    opened = open_storage(folder, storage=storage, create=create, heartbeat=heartbeat, grace=grace, on_lost=requeue)
    try:
        return Store(opened, _load_study(name, opened, create), folder / IMAGE_FOLDER)
    except DATABASE_ERRORS as error:
        raise StudyError(
            f"the storage {_hide_password(storage or folder / DATABASE_FILE)} cannot be used "
            f"({describe_error(error)}); check it"
        ) from None


def _connect(url: str, heartbeat: int, grace: int, on_lost: OnLost | None) -> RDBStorage:
    is_sqlite = url.startswith("sqlite")
    arguments: dict[str, Any] = {"timeout": LOCK_TIMEOUT} if is_sqlite else {"connect_timeout": 10}
    with hold_creation_lock(url):
        storage = RDBStorage(
            url,
            # Connections are not pooled: a cell needs few, and nothing has to be closed.
            engine_kwargs={"connect_args": arguments, "poolclass": sqlalchemy.NullPool},
            heartbeat_interval=heartbeat,
            grace_period=grace,
            heartbeat_stale_trial_callback=on_lost,
        )
    if is_sqlite:
        _lock_on_begin(storage.engine)
    return storage


def _lock_on_begin(engine: sqlalchemy.Engine) -> None:
    """Take SQLite's write lock at the begin of every transaction.

    Python's sqlite3 begins a transaction at the first write, so two workers could both read that a cell is waiting
    and then both lease it.
    """

    @sqlalchemy.event.listens_for(engine, "connect")
    def _(connection: Any, _record: Any) -> None:
        connection.isolation_level = None

    @sqlalchemy.event.listens_for(engine, "begin")
    def _(connection: sqlalchemy.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    engine.dispose()  # drop connections that were opened without these listeners


def _load_study(name: str, storage: RDBStorage, create: bool) -> optuna.Study:
    try:
        return optuna.load_study(study_name=name, storage=storage)
    except KeyError:
        if not create:
            known = ", ".join(optuna.get_all_study_names(storage)) or "none"
            raise StudyError(
                f"the storage has no study {name!r} (its studies: {known}); start one with `barestyle study run`"
            ) from None
    try:
        study = optuna.create_study(study_name=name, storage=storage, directions=list(OBJECTIVES.values()))
        study.set_metric_names(list(OBJECTIVES))
    except DuplicatedStudyError:  # another program created it in the meantime
        study = optuna.load_study(study_name=name, storage=storage)
    return study


def _hide_password(storage: object) -> str:
    """Return a storage's URL without its password."""
    try:
        return sqlalchemy.make_url(str(storage)).render_as_string(hide_password=True)
    except ArgumentError:
        return repr(str(storage))
