"""Opening a store: an SQLite file in the study's folder, or a database that several machines reach."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import optuna
import sqlalchemy
from optuna.exceptions import DuplicatedStudyError
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial
from sqlalchemy.exc import ArgumentError

from barestyle.errors import StudyError
from barestyle.study.queue import put_back
from barestyle.study.store import DATABASE_ERRORS, Store, cause

FILE = "study.sqlite3"
PICTURES = "pictures"

HEARTBEAT = 5
GRACE = 30

LOCK_TIMEOUT = 60
"""Seconds that a worker waits for others to finish writing into an SQLite file."""

OnLost = Callable[[optuna.Study, FrozenTrial], None]

OBJECTIVES: dict[str, Literal["minimize", "maximize"]] = {"held-out": "minimize", "ssim": "maximize"}
"""What Optuna's dashboard and samplers see of a cell: nearness to the style and to the content, by metrics that
need no trained weights."""


def open_storage(
    folder: Path,
    *,
    storage: str | None = None,
    create: bool = False,
    heartbeat: int = HEARTBEAT,
    grace: int = GRACE,
    on_lost: OnLost | None = None,
) -> RDBStorage:
    """The database of a folder, or of the URL `storage`; see `open_store`. Raises StudyError.

    `on_lost` is called with a trial whose worker went silent, by the one program that recorded it as failed.
    """
    try:
        if create:
            folder.mkdir(parents=True, exist_ok=True)
        return _storage(storage or f"sqlite:///{(folder / FILE).resolve()}", heartbeat, grace, on_lost)
    except DATABASE_ERRORS as error:
        raise StudyError(
            f"the storage {_shown(storage or folder / FILE)} cannot be used ({cause(error)}); check it"
        ) from None
    except (ModuleNotFoundError, ArgumentError) as error:
        raise StudyError(
            f"the storage {_shown(storage)} cannot be used ({error}); for PostgreSQL, "
            "pip install 'barestyle[postgresql]' and write postgresql+psycopg://user@host/database"
        ) from None
    except OSError as error:
        raise StudyError(
            f"the folder {str(folder)!r} cannot be used ({error.strerror}); choose another with --into"
        ) from None
    except RuntimeError as error:  # Optuna's word for a schema that it does not know
        raise StudyError(
            f"the storage {_shown(storage or folder / FILE)} was written by another version of Optuna ({error}); "
            "install that version, or choose another folder or storage"
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
    """The store of the study of that name.

    Args:
        folder: holds the pictures, and the database where `storage` is None; machines that work together
            share it, or each keeps the pictures that it painted.
        storage: a database's URL, like postgresql+psycopg://user@host/database.
        create: make it where there is none.
        heartbeat, grace: seconds between a worker's signs of life, and of silence after which its cell is given
            to another; the same for all workers of a study.

    Raises StudyError where there is none, or the database cannot be reached or was written by a newer Optuna.
    """
    if storage is None and not create and not (folder / FILE).is_file():
        raise StudyError(f"there is no study in {str(folder)!r}; `barestyle study run {name}` begins one")
    opened = open_storage(folder, storage=storage, create=create, heartbeat=heartbeat, grace=grace, on_lost=put_back)
    try:
        return Store(opened, _study(name, opened, create), folder / PICTURES)
    except DATABASE_ERRORS as error:
        raise StudyError(
            f"the storage {_shown(storage or folder / FILE)} cannot be used ({cause(error)}); check it"
        ) from None


def _storage(url: str, heartbeat: int, grace: int, on_lost: OnLost | None) -> RDBStorage:
    embedded = url.startswith("sqlite")
    arguments: dict[str, Any] = {"timeout": LOCK_TIMEOUT} if embedded else {"connect_timeout": 10}
    storage = RDBStorage(
        url,
        # Nothing is kept open between the few words of a cell, so that nothing has to be closed either.
        engine_kwargs={"connect_args": arguments, "poolclass": sqlalchemy.NullPool},
        heartbeat_interval=heartbeat,
        grace_period=grace,
        heartbeat_stale_trial_callback=on_lost,
    )
    if embedded:
        _lock_from_the_start(storage.engine)
    return storage


def _lock_from_the_start(engine: sqlalchemy.Engine) -> None:
    """Begin every transaction by taking SQLite's write lock.

    Python's sqlite3 begins one only at the first write, so two workers could both read that a cell is waiting
    and then both take it.
    """

    @sqlalchemy.event.listens_for(engine, "connect")
    def _(connection: Any, _record: Any) -> None:
        connection.isolation_level = None

    @sqlalchemy.event.listens_for(engine, "begin")
    def _(connection: sqlalchemy.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    engine.dispose()  # connections from before know nothing of this


def _study(name: str, storage: RDBStorage, create: bool) -> optuna.Study:
    try:
        return optuna.load_study(study_name=name, storage=storage)
    except KeyError:
        if not create:
            known = ", ".join(optuna.get_all_study_names(storage)) or "none"
            raise StudyError(
                f"the storage has no study {name!r} (it has {known}); `barestyle study run` begins one"
            ) from None
    try:
        study = optuna.create_study(study_name=name, storage=storage, directions=list(OBJECTIVES.values()))
        study.set_metric_names(list(OBJECTIVES))
    except DuplicatedStudyError:  # another program was quicker
        study = optuna.load_study(study_name=name, storage=storage)
    return study


def _shown(storage: object) -> str:
    """The storage without its password."""
    try:
        return sqlalchemy.make_url(str(storage)).render_as_string(hide_password=True)
    except ArgumentError:
        return repr(str(storage))
