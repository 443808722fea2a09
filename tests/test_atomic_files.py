"""Files that are complete or absent: after a full disk, an interrupt, and beside another writer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from barestyle.atomic_files import AtomicFile, check_writable, temporary_path, write_atomically
from barestyle.errors import OutputError


def fail_for_lack_of_space(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_new_file_has_the_data_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    write_atomically(path, b"data")
    assert path.read_bytes() == b"data"
    assert list(tmp_path.iterdir()) == [path]


def test_an_earlier_file_stays_until_the_new_one_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with AtomicFile(path) as temporary:
        assert not temporary.exists()
        temporary.write_bytes(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_a_full_disk_leaves_the_earlier_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    target: object = os if function == "fsync" else Path
    monkeypatch.setattr(target, function, fail_for_lack_of_space)
    message = r"a\.png' cannot be written \(No space left on device\); free some space or choose another folder"
    with pytest.raises(OutputError, match=message):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="file sizes cannot be limited there")
def test_a_disk_that_fills_up_during_the_write(tmp_path: Path) -> None:
    """A limit on file sizes stands in for the disk."""
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    code = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from barestyle.atomic_files import write_atomically\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, 8_000))\n"
        "write_atomically(Path(sys.argv[1]), bytes(100_000))\n"
    )
    process = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False)
    assert "OutputError" in process.stderr
    assert "cannot be written (File too large)" in process.stderr
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_exception_in_the_block_passes_and_leaves_nothing_half_written(
    tmp_path: Path, kind: type[BaseException]
) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with pytest.raises(kind), AtomicFile(path) as temporary:  # noqa: PT012  # raised after some data
        temporary.write_bytes(b"ne")
        raise kind
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupt_during_the_sync_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: int) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(os, "fsync", interrupt)
    # A shell lets its background processes ignore Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            write_atomically(tmp_path / "a.bin", b"new")
    finally:
        signal.signal(signal.SIGINT, before)
    assert list(tmp_path.iterdir()) == []


def test_an_oserror_in_the_block_becomes_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"a\.bin' cannot be written \(reason\)"), AtomicFile(tmp_path / "a.bin"):
        raise OSError("reason")


def test_a_block_that_writes_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="No such file"), AtomicFile(tmp_path / "a.bin"):
        pass


def test_two_writers_of_one_file_do_not_share_a_temporary_file(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    with AtomicFile(path) as one, AtomicFile(path) as other:
        assert one != other
        one.write_bytes(b"one")
        other.write_bytes(b"other")
    assert path.read_bytes() == b"one", "the outer block ends last"
    assert list(tmp_path.iterdir()) == [path]


def test_the_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a.png", b"x")
    (tmp_path / "b").touch()
    assert (tmp_path / "a.png").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_the_temporary_file_is_hidden_and_in_the_same_folder(tmp_path: Path) -> None:
    temporary = temporary_path(tmp_path / "a.png")
    assert temporary.parent == tmp_path
    assert temporary.name.startswith(".a.png.")
    assert temporary.suffix == ".part"


def test_a_folder_is_checked_without_leaving_anything(tmp_path: Path) -> None:
    check_writable(tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(OutputError, match=r"cannot write to the folder .*nowhere.*choose another folder, or create it"):
        check_writable(tmp_path / "nowhere" / "a.png")
    with pytest.raises(OutputError, match="choose a shorter name"):
        check_writable(tmp_path / ("x" * 250))
