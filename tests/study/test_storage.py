"""Opening a storage: one that cannot be used is refused in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
import sqlalchemy

from barestyle.errors import StudyError
from barestyle.study.storage import open_store


@pytest.mark.parametrize(
    ("storage", "words"),
    [
        ("postgresql+psycopg://nobody@127.0.0.1:1/none", "cannot be used (connection"),
        ("nonsense", "cannot be used"),
        ("mysterious://here", "cannot be used"),
    ],
)
def test_a_storage_that_cannot_be_reached_is_refused(tmp_path: Path, storage: str, words: str) -> None:
    with pytest.raises(StudyError) as refusal:
        open_store("small", tmp_path, storage=storage, create=True)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_folder_without_a_study_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"there is no study in .*; start one with `barestyle study run small`"):
        open_store("small", tmp_path)


def test_another_study_in_the_same_folder_is_named(tmp_path: Path) -> None:
    open_store("small", tmp_path, create=True)
    with pytest.raises(StudyError, match=r"the storage has no study 'large' \(its studies: small\)"):
        open_store("large", tmp_path)


def test_a_password_is_not_printed(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as refusal:
        open_store("small", tmp_path, storage="postgresql+psycopg://me:secret@127.0.0.1:1/none", create=True)
    assert "secret" not in str(refusal.value)


def open_at_the_same_time(folder: Path, storage: str | None = None, programs: int = 4) -> None:
    """Open a new store in several threads, as several programs do. Raises what one of them raises."""
    barrier = Barrier(programs)

    def create(_: int) -> None:
        barrier.wait()
        open_store("small", folder, storage=storage, create=True)

    with ThreadPoolExecutor(programs) as pool:
        list(pool.map(create, range(programs)))


def test_programs_that_start_at_the_same_time_create_one_database(tmp_path: Path) -> None:
    """Optuna alone fails with "table studies already exists"."""
    for attempt in range(5):
        folder = tmp_path / str(attempt)
        open_at_the_same_time(folder)
        assert [file.name for file in folder.iterdir()] == ["study.sqlite3"], "a temporary file was left behind"


def test_programs_that_start_at_the_same_time_create_one_postgresql_database(
    tmp_path: Path, postgresql: Callable[[], str], unused_name: str
) -> None:
    """In a schema of its own, which has no tables yet."""
    engine = sqlalchemy.create_engine(postgresql())
    with engine.begin() as connection:
        connection.execute(sqlalchemy.schema.CreateSchema(unused_name))
    try:
        url = sqlalchemy.make_url(postgresql()).update_query_dict({"options": f"-csearch_path={unused_name}"})
        open_at_the_same_time(tmp_path, url.render_as_string(hide_password=False))
        assert sqlalchemy.inspect(engine).has_table("studies", schema=unused_name)
    finally:
        with engine.begin() as connection:
            connection.execute(sqlalchemy.schema.DropSchema(unused_name, cascade=True))
        engine.dispose()
