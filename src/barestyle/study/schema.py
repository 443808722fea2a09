"""Creating the tables of a study's database, which other programs see completely or not at all.

Optuna looks for each table and then creates it; of two programs that open a new database at the same time, one fails
with "table studies already exists".
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import sqlalchemy
from optuna.storages import RDBStorage

from barestyle.atomic_files import temporary_path

LOCK_KEY = 0x62617265
"""The advisory lock that programs of this package hold while they create tables in PostgreSQL."""


def create_database_file(path: Path) -> None:
    """Create an SQLite file with Optuna's tables if there is no file; it appears with all of them."""
    if path.exists():
        return
    temporary = temporary_path(path)
    try:
        RDBStorage(f"sqlite:///{temporary.resolve()}", engine_kwargs={"poolclass": sqlalchemy.NullPool})
        # Fails if another program was faster, whose file is as good, and on file systems without hard links, where
        # opening the storage creates the tables.
        with suppress(OSError):
            os.link(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def hold_creation_lock(url: str) -> Iterator[None]:
    """Return a context manager that lets one program at a time create tables in a PostgreSQL database.

    Does nothing for databases of other kinds.
    """
    if sqlalchemy.make_url(url).get_backend_name() != "postgresql":
        yield
        return
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool, connect_args={"connect_timeout": 10})
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text("SELECT pg_advisory_lock(:key)"), {"key": LOCK_KEY})
        yield  # closing the connection gives the lock back
