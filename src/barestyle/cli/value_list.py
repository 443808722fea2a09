"""Options with several values: comma-separated, repeated, or both."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def split_paths(texts: Iterable[str]) -> list[str]:
    """Return all values of a repeated option, each split at its commas unless a file has that whole name."""
    return [value for text in texts for value in ([text] if Path(text).exists() else text.split(",")) if value]
