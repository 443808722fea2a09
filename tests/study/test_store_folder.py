"""Files of a store, on a local disk and on another file system of fsspec, in memory."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from barestyle.errors import StorageError, StudyError
from barestyle.study.store_folder import StoreFolder


@pytest.fixture(params=["local", "memory"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StoreFolder]:
    location = str(tmp_path / "store") if request.param == "local" else f"memory://{uuid.uuid4().hex}/store"
    yield StoreFolder(location)
    fsspec.filesystem("memory").store.clear()


def test_what_is_written_is_read(folder: StoreFolder) -> None:
    folder.write("a/one.json", b"1")
    folder.write("a/two.json", b"2")
    folder.write("a/one.json", b"3")
    assert folder.read("a/one.json") == b"3"
    assert folder.read("a/three.json") is None
    assert folder.list("a") == {"one.json", "two.json"}, "no temporary file is left"
    assert folder.list("b") == set()
    assert folder.read_all(["a/one.json", "a/three.json", "a/two.json"]) == {"a/one.json": b"3", "a/two.json": b"2"}
    assert folder.read_all([]) == {}


def test_only_a_local_folder_has_a_path(tmp_path: Path) -> None:
    assert StoreFolder(tmp_path).path == tmp_path
    assert StoreFolder("memory://store").path is None


def test_a_write_that_fails_leaves_the_earlier_file(folder: StoreFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write("a/one.json", b"before")

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    monkeypatch.setattr(folder._files, "pipe_file", fail)
    with pytest.raises(StorageError, match=r"No space left on device.*no stored result is lost.*same command again"):
        folder.write("a/one.json", b"after")
    assert folder.read("a/one.json") == b"before"


@pytest.mark.parametrize(
    ("location", "words"),
    [
        (
            "nosuch://bucket/study",
            "'nosuch://bucket/study' cannot be opened (Protocol not known: nosuch); check the URL",
        ),
        ("s3://bucket/study", "'s3://bucket/study' cannot be opened (Install s3fs to access S3); install that package"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused(location: str, words: str) -> None:
    with pytest.raises(StudyError) as refusal:
        StoreFolder(location)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)
