"""Opening a storage: one that cannot be used is refused in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

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
