"""Input files that a command names, checked before PyTorch is imported, which takes a second."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from barestyle.cli.standard_streams import STANDARD_STREAM
from barestyle.errors import ImageError


def check_exist(paths: Iterable[Path]) -> None:
    """Raise ImageError if there is no such file; standard input counts as one."""
    for path in paths:
        if path != STANDARD_STREAM and not path.exists():
            raise ImageError(f"there is no file {str(path)!r}; check the path")
