"""Files of a study in a folder, or at a URL of any file system that fsspec knows."""

from __future__ import annotations

import posixpath
import secrets
from collections.abc import Iterable
from pathlib import Path

import fsspec
from fsspec.implementations.local import LocalFileSystem

from barestyle.atomic_files import write_atomically
from barestyle.errors import BarestyleError, StorageError, StudyError


class StoreFolder:
    """Small files by name, each of them complete or absent.

    Args:
        location: a path, or a URL such as s3://bucket/study.

    Raises StudyError for a URL of an unknown kind, or one that needs a package that is not installed. Every method
    raises StorageError if the file system fails.
    """

    def __init__(self, location: str | Path) -> None:
        self.location = str(location)
        try:
            self._files, self._root = fsspec.core.url_to_fs(self.location)
        except ImportError as error:
            raise StudyError(
                f"{self.location!r} cannot be opened ({error}); install that package, or choose a folder with --into"
            ) from None
        except Exception as error:  # noqa: BLE001  # each file system raises its own kinds
            raise StudyError(f"{self.location!r} cannot be opened ({_first_line(error)}); check the URL") from None

    @property
    def path(self) -> Path | None:
        """The folder's path, or None if it is not on a local disk."""
        return Path(self._root) if isinstance(self._files, LocalFileSystem) else None

    def write(self, name: str, data: bytes) -> None:
        """Create or replace a file, completely or not at all."""
        path = self._join(name)
        try:
            self._files.makedirs(posixpath.dirname(path), exist_ok=True)
            if isinstance(self._files, LocalFileSystem):
                write_atomically(Path(path), data)
            else:
                temporary = f"{path}.{secrets.token_hex(4)}.part"
                self._files.pipe_file(temporary, data)
                self._files.mv(temporary, path)
        except BarestyleError as error:
            raise StorageError(f"{error}; no stored result is lost, so run the same command again") from None
        except Exception as error:  # noqa: BLE001  # each file system raises its own kinds
            raise self._make_error("written", name, error) from None

    def read(self, name: str) -> bytes | None:
        """Return a file's content, or None if there is no such file."""
        try:
            return bytes(self._files.cat_file(self._join(name)))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except Exception as error:  # noqa: BLE001  # each file system raises its own kinds
            raise self._make_error("read", name, error) from None

    def read_all(self, names: Iterable[str]) -> dict[str, bytes]:
        """Return the content of every file that exists, by name; remote files are read concurrently."""
        paths = {self._join(name): name for name in names}
        if not paths:
            return {}
        try:
            # Not `cat`, which takes characters of a path for a pattern.
            found = self._files.cat_ranges(list(paths), 0, None, on_error="return")
        except Exception as error:  # noqa: BLE001  # each file system raises its own kinds
            raise self._make_error("read", next(iter(paths.values())), error) from None
        contents: dict[str, bytes] = {}
        for name, data in zip(paths.values(), found, strict=True):
            if isinstance(data, bytes):
                contents[name] = data
            elif not isinstance(data, FileNotFoundError):
                raise self._make_error("read", name, data)
        return contents

    def list(self, folder: str) -> set[str]:
        """Return the names of the files in a subfolder, relative to it; empty if it does not exist."""
        try:
            self._files.invalidate_cache()
            names = {posixpath.basename(path) for path in self._files.ls(self._join(folder), detail=False)}
            return {name for name in names if not name.endswith(".part")}  # without files that are being written
        except FileNotFoundError:
            return set()
        except Exception as error:  # noqa: BLE001  # each file system raises its own kinds
            raise self._make_error("listed", folder, error) from None

    def _join(self, name: str) -> str:
        return posixpath.join(self._root, name)

    def _make_error(self, verb: str, name: str, error: Exception) -> StorageError:
        return StorageError(
            f"{name!r} in {self.location!r} cannot be {verb} ({_first_line(error)}); no stored result is lost, so "
            "check the folder and run the same command again"
        )


def _first_line(error: BaseException) -> str:
    text = str(getattr(error, "strerror", None) or error).strip() or type(error).__name__
    return text.splitlines()[0]
