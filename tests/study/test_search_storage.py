"""The database of a search: one that cannot be used is refused in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from barestyle.errors import StudyError
from barestyle.study.search_storage import open_storage


@pytest.mark.parametrize("url", ["nonsense", "mysterious://here", "postgresql+nosuchdriver://nobody@127.0.0.1:1/none"])
def test_a_database_that_cannot_be_used_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(StudyError, match="cannot be used") as refusal:
        open_storage(tmp_path, url)
    assert "\n" not in str(refusal.value)


def test_a_file_that_is_not_a_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "search.sqlite3").write_text("this is not a database")
    with pytest.raises(StudyError, match=r"cannot be used \(file is not a database\); check it, or choose another"):
        open_storage(tmp_path)


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StudyError, match=r"the folder .* cannot be used"):
        open_storage(tmp_path / "file")


def test_a_password_is_not_printed(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as refusal:
        open_storage(tmp_path, "postgresql+nosuchdriver://me:secret@127.0.0.1:1/none")
    assert "secret" not in str(refusal.value)
