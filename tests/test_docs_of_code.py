"""Tests that pages about the code agree with it: files and symbols exist, and diffs apply."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import documents

ROOT = documents.ROOT
STRUCTURE = ROOT / "docs" / "structure.md"
REFERENCE = re.compile(r"(?:^|[`\"])(\w+(?:/\w+)*\.py)`?(?:: `?(\w+))?", re.MULTILINE)
"""A file below src/barestyle, alone or with a symbol in it: `run/plan.py`: `prepare`."""


def symbols(file: Path) -> set[str]:
    """Return the names that a module defines: functions, classes and variables."""
    names = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


def section(heading: str) -> str:
    """Return the text of a section of docs/structure.md."""
    return STRUCTURE.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]


def rows(heading: str) -> list[list[str]]:
    """Return the cells of a section's table, without its head."""
    lines = [line for line in section(heading).splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


@pytest.mark.parametrize("heading", ["Data flow of one run", "Where to look", "Glossary"])
def test_every_file_and_symbol_of_the_structure_page_exists(heading: str) -> None:
    references = REFERENCE.findall(section(heading))
    assert len(references) >= 8
    for path, symbol in references:
        file = ROOT / "src" / "barestyle" / path
        assert file.is_file(), path
        if symbol:
            assert symbol in symbols(file), f"{path} does not define {symbol}"


def test_ten_questions_of_a_newcomer_have_an_answer_in_two_guesses() -> None:
    """The answer is in the file of the first guess, or in a second file."""
    table = rows("Where to look")
    assert len(table) == 10
    for question, guess, answer in table:
        files = dict.fromkeys(path for path, _ in REFERENCE.findall(f"{guess}\n{answer}"))
        assert 1 <= len(files) <= 2, question
        assert any(symbol for _, symbol in REFERENCE.findall(answer)), question


def test_the_glossary_is_short_and_sorted() -> None:
    terms = [row[0] for row in rows("Glossary")]
    assert len(terms) <= 25
    assert terms == sorted(set(terms))


@pytest.mark.parametrize("document", [*documents.DOCUMENTS, ROOT / "CONTRIBUTING.md"], ids=documents.name)
def test_files_of_the_repository_that_a_document_names_exist(document: Path) -> None:
    """Paths in backticks are relative to the repository or to src/barestyle."""
    prose = documents.FENCE.sub("", document.read_text(encoding="utf-8"))
    for path in re.findall(r"`((?:[\w.-]+/)+[\w-]+\.(?:py|yaml|css))`", prose):
        assert (ROOT / path).exists() or (ROOT / "src" / "barestyle" / path).exists(), path


DIFFS = re.findall(
    r"^```diff\n(.*?)^```$", (ROOT / "docs" / "how-to-extend.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
)


def apply(diff: str, folder: Path, *options: str) -> None:
    """Apply a diff to the files of a folder with git, if it is installed."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    done = subprocess.run(["git", "apply", *options, "-"], cwd=folder, input=diff, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("number", range(len(DIFFS)))
def test_every_diff_on_extending_barestyle_applies(number: int) -> None:
    apply(DIFFS[number], ROOT, "--check")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_extended_program_passes_its_tests(tmp_path: Path) -> None:
    """Apply all diffs to a copy, and run the tests that they add and change there."""
    for folder in ("src", "tests", "docs/guide"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for diff in DIFFS:
        apply(diff, tmp_path)
    files = sorted({file for diff in DIFFS for file in re.findall(r"^\+\+\+ b/(tests/\S+)", diff, re.MULTILINE)})
    assert len(files) >= len(DIFFS)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files, "tests/ui/test_form_values.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "src")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
