"""Commands and programs in the README and the documentation, and how tests make them fast."""

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
    "barestyle weights fetch": "needs the network; tests/networks/test_download.py downloads from a local server",
    "barestyle weights info": "needs downloaded weights; tests/cli/test_weights.py tests it",
    "barestyle study run docs/paper-study/study.yaml": "takes two hours; tests/study/test_paper.py runs smaller cells",
    "barestyle study report docs/paper-study/study.yaml": "needs the results of that run",
    "barestyle export sunrise.style --web": "needs npm and the network; tests/cli/test_export.py uses other files",
    "make": "creates an environment first; a test checks that the targets exist",
    "source": "changes the reader's shell",
}
"""Beginnings of lines in sh blocks that no test runs, and why. Tests run all other lines."""

SMALLER = {
    "barestyle transfer": ("--size", "48", "--steps", "1"),
    "barestyle video": ("--size", "48", "--steps", "1"),
    "barestyle batch": ("--size", "48", "--steps", "1"),
    "barestyle demo": ("--size", "48", "--steps", "1"),
    "barestyle train": ("--steps", "1", "--crop", "112", "--batch", "1"),
    "barestyle study plan": ("--size", "48", "--optimizer", "robust"),
    "barestyle study run fig8": (
        *("--size", "48", "--steps", "1", "--seeds", "0"),
        *("--pair", "photo:coffee,style:swirls", "--optimizer", "robust", "--workers", "1"),
    ),
    "barestyle study run": ("--size", "32", "--steps", "1", "--seeds", "0"),
    "barestyle probe": ("--sizes", "50", "--seeds", "0"),
    "barestyle study search": ("--size", "32", "--steps", "1", "--trials", "2"),
}
"""Options that are appended to a command with this beginning. The last value of a repeated option applies."""

SMALLER_PYTHON = {'"size": 256': '"size": 48, "optimizer.steps": 2'}
"""Replacements in Python programs."""

FENCE = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
LINK = re.compile(r"\]\(([^)\s]+)\)")


class Block(NamedTuple):
    """The language and the text of a fenced block."""

    language: str
    text: str


def name(document: Path) -> str:
    """Return a document's path in the repository."""
    return document.relative_to(ROOT).as_posix()


def blocks(document: Path) -> list[Block]:
    """Return the fenced blocks of a document that name a language, from top to bottom."""
    return [Block(*match) for match in FENCE.findall(document.read_text(encoding="utf-8"))]


def lines(block: Block) -> Iterator[str]:
    """Yield the command lines of a shell block."""
    for line in block.text.splitlines():
        if line.strip() and not line.startswith("#"):
            yield line


def is_tested(line: str) -> bool:
    """Return whether tests run a line. Lines outside NOT_RUN must be barestyle commands."""
    return not any(line == start or line.startswith(f"{start} ") for start in NOT_RUN)


def shrink(line: str) -> list[str]:
    """Return the arguments of a barestyle command with options that make it faster."""
    words = shlex.split(line, comments=True)
    longest = max((start for start in SMALLER if line.startswith(start)), key=len, default="")
    options = list(SMALLER.get(longest, ()))
    if "--save-every" in words:
        at = options.index("--steps")
        del options[at : at + 2]
    return words[1:] + options


def is_pipeline(line: str) -> bool:
    """Return whether a line needs a shell."""
    return bool({"|", ">"} & set(shlex.split(line, comments=True)))


def shrink_pipeline(line: str) -> str:
    """Return a line for a shell, with options that make its barestyle commands faster after each command's name."""
    for start, options in SMALLER.items():
        line = re.sub(rf"{start}(?= )", " ".join((start, *options)), line)
    return line


def inline_commands(document: Path) -> list[str]:
    """Return the barestyle commands in a document's sentences, in single backticks."""
    prose = FENCE.sub("", document.read_text(encoding="utf-8"))
    return [code for code in INLINE.findall(prose) if code.startswith("barestyle ")]


def links(document: Path) -> list[str]:
    """Return the targets of a document's links to other files, without anchors."""
    targets = LINK.findall(FENCE.sub("", document.read_text(encoding="utf-8")))
    return [link.split("#")[0] for link in targets if not link.startswith(("https://", "#"))]
