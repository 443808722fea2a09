"""What the page refuses, in sentences."""

from __future__ import annotations

from pathlib import Path

from barestyle.errors import BarestyleError


class PageError(BarestyleError):
    """Something that only the page can refuse: a missing picture, a full queue, a file that was not uploaded."""


def describe_internal_error(error: Exception) -> str:
    """Return the message for an unexpected exception."""
    return f"internal error ({type(error).__name__}: {error}); the server's terminal has the details"


def strip_folder(text: str, *files: Path) -> str:
    """Return a message with the names of files in place of their paths, which are the server's own."""
    for file in files:
        text = text.replace(f"{file.parent}/", "")
    return text


def to_sentence(text: str) -> str:
    """Return a message with a capital and a full stop."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
