"""`-` as a file name: a picture from standard input, or to standard output."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from barestyle.atomic_files import write_error
from barestyle.errors import ImageError, OutputError

if TYPE_CHECKING:
    from barestyle.images import Picture

STANDARD_STREAM = Path("-")
"""As an input it stands for standard input, as an output for standard output."""

File = TypeVar("File")


class StandardInput:
    """Standard input in place of at most one of a command's input files.

    Args:
        files: the input files of the command, None for those that are not given.

    Raises ImageError if `-` is given more than once, if standard input is a terminal, or if there are several
    processes.
    """

    def __init__(self, files: Iterable[Path | None]) -> None:
        count = sum(file == STANDARD_STREAM for file in files)
        if count > 1:
            raise ImageError(
                f"- is given for {count} images, but standard input holds a single one; name the files of the others"
            )
        self.is_used = count == 1
        if self.is_used and sys.stdin is None:
            raise ImageError("standard input is closed; pipe an image into it, as in: cat photo.jpg | barestyle ...")
        if self.is_used and sys.stdin.isatty():
            raise ImageError(
                "standard input is a terminal; pipe an image into it, as in: cat photo.jpg | barestyle ..."
            )
        if self.is_used and os.environ.get("WORLD_SIZE", "1") != "1":  # started by torchrun
            raise ImageError("several processes cannot share standard input; name a file, or start without torchrun")
        self._picture: Picture | None = None

    def read(self, *, max_pixels: int) -> None:
        """Read the picture if `-` is given. Raises ImageError."""
        if self.is_used:
            from barestyle.images import read_encoded

            self._picture = read_encoded(sys.stdin.buffer.read(), name="standard input", max_pixels=max_pixels)

    def replace(self, file: File) -> File | Picture:
        """Return the picture that was read for `-`, and any other file unchanged."""
        return self._picture if self._picture is not None and file == STANDARD_STREAM else file


def check_standard_output() -> None:
    """Raise OutputError if standard output is a terminal."""
    if sys.stdout is None:
        raise OutputError("standard output is closed; redirect it, as in: -o - > out.png")
    if sys.stdout.isatty():
        raise OutputError(
            "standard output is a terminal, which cannot show an image; redirect it, as in: -o - > out.png"
        )


def write_standard_output(data: bytes) -> None:
    """Write bytes to standard output. Raises OutputError, or BrokenPipeError if the reader has ended."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise write_error(Path("standard output"), error) from None


def flush_standard_output() -> None:
    """Write what is left to standard output. Raises OutputError, or BrokenPipeError if the reader has ended."""
    if sys.stdout is None:  # it was closed before the program began
        return
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        with open(os.devnull, "wb") as nowhere:  # so that Python's last flush does not fail either
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        raise OutputError(f"cannot write to standard output ({error.strerror}); free some space") from None


def discard_output() -> None:
    """Redirect standard output and standard error to nowhere, so that Python's last flush does not fail either."""
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            continue
        try:
            stream.flush()
        except BrokenPipeError:
            with open(os.devnull, "wb") as nowhere:
                os.dup2(nowhere.fileno(), stream.fileno())
