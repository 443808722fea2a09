"""The database of a search: an SQLite file in a folder, or any database that Optuna knows."""

from __future__ import annotations

from pathlib import Path

import optuna
import sqlalchemy
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from barestyle.errors import StudyError

DATABASE_FILE = "search.sqlite3"

optuna.logging.set_verbosity(optuna.logging.ERROR)  # barestyle reports errors itself


def open_storage(folder: Path, url: str | None = None) -> RDBStorage:
    """Return the database at a URL, or the one in a folder, which is created. Raises StudyError."""
    try:
        if url is None:
            folder.mkdir(parents=True, exist_ok=True)
        return RDBStorage(url or f"sqlite:///{(folder / DATABASE_FILE).resolve()}")
    except OSError as error:
        raise StudyError(
            f"the folder {str(folder)!r} cannot be used ({error.strerror}); choose another with --into"
        ) from None
    except (SQLAlchemyError, StorageInternalError, ModuleNotFoundError, ArgumentError, RuntimeError) as error:
        raise StudyError(
            f"the database {_hide_password(url) if url else str(folder / DATABASE_FILE)!r} cannot be used "
            f"({_describe(error)}); check it, or choose another"
        ) from None


def _describe(error: BaseException) -> str:
    """Return the first line of the innermost error's message, which is the database driver's."""
    while error.__cause__ is not None:
        error = error.__cause__
    original = getattr(error, "orig", None) or error
    return (str(original).strip() or type(original).__name__).splitlines()[0]


def _hide_password(url: str) -> str:
    """Return a URL without its password."""
    try:
        return repr(sqlalchemy.make_url(url).render_as_string(hide_password=True))
    except ArgumentError:
        return repr(url)
