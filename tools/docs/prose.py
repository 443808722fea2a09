"""Docstrings and help texts as Markdown."""

from __future__ import annotations

import re
from inspect import cleandoc

CODE = re.compile(r"(`[^`]+`)")
MARKS = str.maketrans({mark: f"\\{mark}" for mark in "*_<[$"})


def escaped(text: str | None) -> str:
    """A text in which nothing but code between backticks and paragraphs is meant as Markdown."""
    parts = CODE.split(cleandoc(text or ""))
    return "".join(part if part.startswith("`") else part.translate(MARKS) for part in parts)
