"""Files that are complete or absent: data goes to a temporary file, which is synced and then renamed."""

from __future__ import annotations

import errno
import os
import secrets
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from barestyle.errors import OutputError


class AtomicFile:
    """A context manager that yields a temporary path beside `path`; write to it as you like.

    Leaving the `with` block normally syncs the temporary file to disk and renames it to `path`, which replaces an
    earlier file. Leaving it by an exception, KeyboardInterrupt included, deletes the temporary file and leaves an
    earlier file unchanged.

        >>> with AtomicFile(Path("out.bin")) as temporary:  # doctest: +SKIP
        ...     temporary.write_bytes(b"data")

    Attributes:
        path: the file to create or replace.
        temporary: the file to write to, hidden, in the same folder. It does not exist until it is written.

    Raises OutputError in place of any OSError inside the block or of the rename.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.temporary = temporary_path(path)

    def __enter__(self) -> Path:
        return self.temporary

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self.commit()
            elif isinstance(error, OSError):
                raise write_error(self.path, error) from None
        finally:
            self.discard()

    def commit(self) -> None:
        """Sync the temporary file and rename it to `path`. Raises OutputError."""
        try:
            with self.temporary.open("rb+") as file:
                os.fsync(file.fileno())
            self.temporary.replace(self.path)
        except OSError as error:
            raise write_error(self.path, error) from None

    def discard(self) -> None:
        """Delete the temporary file if it exists; errors are ignored, as an earlier one matters more."""
        with suppress(OSError):
            self.temporary.unlink(missing_ok=True)


def write_atomically(path: Path, data: bytes) -> None:
    """Create or replace a file with `data`, completely or not at all. Raises OutputError."""
    with AtomicFile(path) as temporary:
        temporary.write_bytes(data)


def check_writable(path: Path) -> None:
    """Raise OutputError if no file can be created at `path`; a temporary file is created and deleted to find out."""
    temporary = temporary_path(path)
    try:
        temporary.touch(exist_ok=False)
        temporary.unlink()
    except OSError as error:
        remedy = "choose a shorter name" if error.errno == errno.ENAMETOOLONG else "choose another folder, or create it"
        raise OutputError(f"cannot write to the folder {str(path.parent)!r} ({error.strerror}); {remedy}") from None


def temporary_path(path: Path) -> Path:
    """Return a new hidden name beside `path`; a random part keeps two writers apart, in threads or processes."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")


def write_error(path: Path, error: OSError) -> OutputError:
    """Return what to raise when the system cannot write a file."""
    return OutputError(
        f"{str(path)!r} cannot be written ({error.strerror or error}); free some space or choose another folder"
    )
