"""Running the program inside the test, and what it printed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from barestyle.cli import main

QUICK = ("--size", "32", "--steps", "2", "--set", "network.channels=4")


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


Program = Callable[..., Outcome]


@pytest.fixture
def program(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Program:
    """Return a function that runs the program on a terminal of fixed width: arguments to exit code and output."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")

    def run(*arguments: str | Path) -> Outcome:
        code = main([str(argument) for argument in arguments])
        printed = capfd.readouterr()
        return Outcome(code, printed.out, printed.err)

    return run


@pytest.fixture
def painted(program: Program, pictures: Path, tmp_path: Path) -> Path:
    """Return a small result of the program."""
    path = tmp_path / "out.png"
    outcome = program("transfer", pictures / "content.png", pictures / "style.jpg", "-o", path, *QUICK, "-q")
    assert outcome.code == 0, outcome.err
    return path
