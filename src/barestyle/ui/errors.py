"""What the page refuses, and how it says so: in one sentence."""

from __future__ import annotations

from pathlib import Path

from barestyle.errors import BarestyleError


class PageError(BarestyleError):
    """Something that only the page can refuse: no picture chosen, a full line, a file that it was not given."""


def mistake(error: Exception) -> str:
    """The sentence for what should not have happened."""
    return f"this is a mistake in barestyle ({type(error).__name__}: {error}); the terminal of the page shows where"


def without_folder(text: str, *files: Path) -> str:
    """A message that names files by their own names: where the page keeps them says nothing to whoever sent them."""
    for file in files:
        text = text.replace(f"{file.parent}/", "")
    return text


def sentence(text: str) -> str:
    """A message as a sentence of its own: a capital, and a full stop."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
