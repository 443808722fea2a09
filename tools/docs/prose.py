"""Escape docstrings and help texts for Markdown."""

from __future__ import annotations

import re
from inspect import cleandoc

CODE = re.compile(r"(`[^`]+`)")
MARKS = str.maketrans({mark: f"\\{mark}" for mark in "*_<[$"})


def escape(text: str | None) -> str:
    """Return a text in which only code in backticks and paragraphs have a meaning in Markdown."""
    parts = CODE.split(cleandoc(text or ""))
    return "".join(part if part.startswith("`") else part.translate(MARKS) for part in parts)
