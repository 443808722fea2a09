"""The commands are imported when they are used, and are all there."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer

from barestyle.cli.command_table import COMMANDS, CommandTable
from tests.cli.conftest import Program


def test_every_command_can_be_built() -> None:
    table = CommandTable()
    assert list(table) == list(COMMANDS)
    assert len(table) == len(COMMANDS)
    for name in COMMANDS:
        assert table[name].name == name
        assert table[name] is table[name]
    assert "nonsense" not in table
    assert {"run", "report"} <= set(table["study"].commands)


def test_the_help_lists_all_in_order(program: Program) -> None:
    text = program("--help").out
    places = [text.index(f" {name} ") for name in COMMANDS]
    assert places == sorted(places)


def test_a_typing_error_gets_a_suggestion(program: Program) -> None:
    outcome = program("transfre")
    assert outcome.code == 2
    assert "Did you mean 'transfer'" in outcome.err


@pytest.mark.parametrize("words", [["--version"], ["apply", "--help"]])
def test_other_commands_are_not_imported(words: list[str]) -> None:
    code = (
        "import sys; from barestyle.cli import main; main(sys.argv[1:]); "
        "print(*sorted({'barestyle.spec', 'barestyle.cli.transfer', 'barestyle.cli.study'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == ""


def test_typer_builds_the_same_commands() -> None:
    """A command of the table has the options that Typer gives it in a program of its own."""
    from barestyle.cli.apply import apply

    alone = typer.Typer()
    alone.command()(apply)
    expected = [parameter.name for parameter in typer.main.get_command(alone).params]
    names = [parameter.name for parameter in CommandTable()["apply"].params]
    assert names == [name for name in expected if name not in ("install_completion", "show_completion")]
