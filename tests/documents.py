"""What README and documentation tell people to type: found in their text, and made quick enough for a test."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = sorted((ROOT / "docs").rglob("*.md"))
DOCUMENTS = [README, *PAGES]

NOT_RUN = {
    "barestyle weights fetch": "needs the network; tests/networks/test_download.py fetches from a server of its own",
    "barestyle weights info": "is of weights that were fetched; tests/cli/test_weights.py has some",
    "barestyle study run docs/paper-study/study.yaml": "two hours; tests/study/test_paper.py runs every cell, smaller",
    "barestyle study report docs/paper-study/study.yaml": "is of that run",
    "make": "makes an environment first; that each target exists is tested",
    "source": "is for a reader's shell",
}
"""Beginnings of lines in sh blocks that no test runs, and why. All others are run."""

SMALLER = {
    "barestyle transfer": ("--size", "48", "--steps", "1"),
    "barestyle batch": ("--size", "48", "--steps", "1"),
    "barestyle demo": ("--size", "48", "--steps", "1"),
    "barestyle study plan": ("--size", "48", "--optimizer", "robust"),
    "barestyle study run fig8": (
        *("--size", "48", "--steps", "1", "--seeds", "0"),
        *("--pair", "photo:coffee,style:swirls", "--optimizer", "robust", "--workers", "1"),
    ),
    "barestyle study run": ("--size", "32", "--steps", "1", "--seeds", "0"),
    "barestyle study search": ("--size", "32", "--steps", "1", "--trials", "2"),
}
"""What is added to a command that begins so; of an option given twice the last counts."""

SMALLER_PYTHON = {'"size": 256': '"size": 48, "optimizer.steps": 2'}
"""What is replaced in Python, likewise."""

FENCE = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
LINK = re.compile(r"\]\(([^)\s]+)\)")


class Block(NamedTuple):
    """A fenced block: its language, and its text."""

    language: str
    text: str


def name(document: Path) -> str:
    """A document's path in the repository."""
    return document.relative_to(ROOT).as_posix()


def blocks(document: Path) -> list[Block]:
    """The fenced blocks of a document that name a language, from top to bottom."""
    return [Block(*found) for found in FENCE.findall(document.read_text(encoding="utf-8"))]


def lines(block: Block) -> Iterator[str]:
    """The command lines of a block of shell."""
    for line in block.text.splitlines():
        if line.strip() and not line.startswith("#"):
            yield line


def is_run(line: str) -> bool:
    """Whether tests run a line; only those in NOT_RUN may be no command of ours."""
    return not any(line == start or line.startswith(f"{start} ") for start in NOT_RUN)


def quicker(line: str) -> list[str]:
    """The arguments of one of our commands, with what makes it smaller."""
    words = shlex.split(line, comments=True)
    longest = max((start for start in SMALLER if line.startswith(start)), key=len, default="")
    more = list(SMALLER.get(longest, ()))
    if "--save-every" in words:
        at = more.index("--steps")
        del more[at : at + 2]
    return words[1:] + more


def inline_commands(document: Path) -> list[str]:
    """What a document says of our program between the lines, in single backticks."""
    prose = FENCE.sub("", document.read_text(encoding="utf-8"))
    return [code for code in INLINE.findall(prose) if code.startswith("barestyle ")]


def links(document: Path) -> list[str]:
    """Where a document's links lead, but for those to the web and within it, without what follows a #."""
    found = LINK.findall(FENCE.sub("", document.read_text(encoding="utf-8")))
    return [link.split("#")[0] for link in found if not link.startswith(("https://", "#"))]
