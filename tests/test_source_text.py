"""Language and size of the source: phrases, names of functions, spelling, long modules and repeated code.

Each count has a bound. A bound is lowered when the count is; it is never raised to let something in.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PYTHON = [path for folder in ("src", "tools") for path in sorted((ROOT / folder).rglob("*.py"))]
SCRIPTS = sorted((ROOT / "src").rglob("*.js"))
# The study's files keep what was written when it ran.
PROSE = [path for path in sorted((ROOT / "docs").rglob("*.md")) if "paper-study" not in path.parts]
PROSE += [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]

PHRASES = {
    r"(?<![Tt]here )\bis no (?!longer|more than)": 0,
    r"\blies\b": 0,
    r"\b(whoever|whatever)\b": 0,
    r"\bNone where\b": 0,
    r"\blikewise\b": 0,
    r"\band no more\b": 0,
}

REGULAR = re.compile(r"[a-z]{2,}ed$")
NOT_PARTICIPLES = {"embed", "feed", "need", "proceed", "seed", "shed", "speed", "bed", "red"}
IRREGULAR = {
    "begun",
    "built",
    "chosen",
    "drawn",
    "found",
    "given",
    "hidden",
    "kept",
    "known",
    "laid",
    "left",
    "lent",
    "made",
    "said",
    "seen",
    "sent",
    "shown",
    "spoken",
    "taken",
    "told",
    "understood",
    "written",
}

VERBS = {
    "check",
    "describe",
    "drop",
    "estimate",
    "exclude",
    "find",
    "format",
    "has",
    "is",
    "list",
    "load",
    "read",
    "transform",
    "verify",
}
"""First words with which a name may end in a participle: `verify_known`, `is_finished`."""

BRITISH = re.compile(
    r"(?i)(colour|grey|optimis|normalis|binaris|minimis|maximis|initialis|penalis|standardis|generalis|recognis|"
    r"summaris|quantis|serialis|behaviour|favour|neighbour|centre|fibre|catalogue|organis|randomis|analyse)"
)

LONGEST_MODULE = 300
LONGEST_FUNCTION = 60
"""Lines of a screen."""

LONGEST_REPEAT = 10
"""Lines of code that may stand in two places."""


def count_phrases(pattern: str, texts: Sequence[str]) -> int:
    return sum(len(re.findall(pattern, text)) for text in texts)


def is_participle(word: str) -> bool:
    return word in IRREGULAR or (REGULAR.fullmatch(word) is not None and word not in NOT_PARTICIPLES)


def find_participles(source: str) -> list[str]:
    """Names of functions that end with a participle; `whitened_loss` is a noun, and so are properties and fixtures."""
    names = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not any(
            "property" in ast.unparse(decorator) or "fixture" in ast.unparse(decorator)
            for decorator in node.decorator_list
        ):
            words = node.name.strip("_").split("_")
            if is_participle(words[-1]) and (len(words) == 1 or words[0] not in VERBS):
                names.append(node.name)
    return names


def find_identifiers(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Attribute):
            yield node.attr


def find_long_functions(source: str) -> list[str]:
    """Functions of more than a screen without a comment at the `def` that says why."""
    lines = source.splitlines()
    names = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            body_start = node.body[0].lineno
            is_explained = any("#" in line for line in lines[max(node.lineno - 2, 0) : body_start - 1])
            if node.end_lineno - node.lineno + 1 > LONGEST_FUNCTION and not is_explained:
                names.append(node.name)
    return names


def find_repeats(sources: dict[str, str]) -> list[tuple[str, str]]:
    """Pairs of places that share more than LONGEST_REPEAT lines of code; imports and docstrings do not count."""
    places = defaultdict(list)
    for name, source in sources.items():
        code = list(code_lines(source))
        for start in range(len(code) - LONGEST_REPEAT):
            block = tuple(line for _, line in code[start : start + LONGEST_REPEAT + 1])
            places[block].append(f"{name}:{code[start][0]}")
    return [(found[0], found[1]) for found in places.values() if len(found) > 1]


def code_lines(source: str) -> Iterator[tuple[int, str]]:
    skipped: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if isinstance(node, ast.Import | ast.ImportFrom | ast.Expr) and (
            is_docstring or not isinstance(node, ast.Expr)
        ):
            skipped |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    for number, line in enumerate(source.splitlines(), 1):
        text = line.strip()
        if number not in skipped and text and not text.startswith("#"):
            yield number, text


def names(paths: Sequence[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in paths]


@pytest.mark.parametrize("pattern", PHRASES)
def test_phrases_that_read_as_translated(pattern: str) -> None:
    places = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in [*PYTHON, *PROSE]
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(pattern, line)
    ]
    assert len(places) <= PHRASES[pattern], places


def test_functions_are_verbs() -> None:
    found = {path.name: find_participles(path.read_text(encoding="utf-8")) for path in PYTHON}
    assert {name: functions for name, functions in found.items() if functions} == {}


def test_identifiers_have_american_spelling() -> None:
    british = {
        f"{path.name}: {name}"
        for path in PYTHON
        for name in find_identifiers(path.read_text(encoding="utf-8"))
        if BRITISH.search(name)
    }
    assert british == set()


def test_modules_are_short() -> None:
    long = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in [*PYTHON, *SCRIPTS]}
    assert {name: lines for name, lines in long.items() if lines > LONGEST_MODULE} == {}


def test_functions_fit_a_screen() -> None:
    long = {path.name: find_long_functions(path.read_text(encoding="utf-8")) for path in PYTHON}
    assert {name: functions for name, functions in long.items() if functions} == {}


def test_no_block_of_code_stands_twice() -> None:
    sources = dict(zip(names(PYTHON), (path.read_text(encoding="utf-8") for path in PYTHON), strict=True))
    assert find_repeats(sources) == []


def test_the_checks_see_what_they_are_for() -> None:
    assert count_phrases(next(iter(PHRASES)), ["a int is no spec", "there is no file", "it is no longer there"]) == 1
    assert find_participles("def found(): ...\ndef _colors_matched(): ...\ndef find(): ...\ndef feed(): ...") == [
        "found",
        "_colors_matched",
    ]
    assert find_participles("@property\ndef started(self): ...") == []
    assert [name for name in find_identifiers("colour = grey_level(x.centre)") if BRITISH.search(name)] == [
        "colour",
        "grey_level",
        "centre",
    ]
    body = "\n".join(f"    x = {number}" for number in range(LONGEST_FUNCTION))
    assert find_long_functions(f"def paint():\n{body}") == ["paint"]
    assert find_long_functions(f"def paint():  # one table\n{body}") == []
    block = "\n".join(f"a{number} = {number}" for number in range(LONGEST_REPEAT + 1))
    assert find_repeats({"a": block, "b": block}) == [("a:1", "b:1")]
    assert find_repeats({"a": block, "b": block.replace("a0 = 0", "import os")}) == []
