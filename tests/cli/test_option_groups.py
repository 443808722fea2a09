"""Groups of options as one parameter of a command."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from barestyle import PRESETS, Spec
from barestyle.cli.option_groups import MovedOptions, RunOptions, SpecOptions, expand_groups
from barestyle.run.request import Request
from barestyle.run.rerun import RelocatedFiles


@dataclass(frozen=True)
class Colors:
    red: Annotated[int, typer.Option("--red", help="Amount of red.")] = 1
    blue: Annotated[list[str] | None, typer.Option("--blue")] = None


def test_a_group_becomes_options_and_arrives_as_one_value() -> None:
    received = []
    app = typer.Typer()

    @app.command()
    @expand_groups
    def paint(*, name: Annotated[str, typer.Argument()], colors: Colors, fast: bool = False) -> None:
        received.append((name, colors, fast))

    assert list(inspect.signature(paint).parameters) == ["name", "red", "blue", "fast"]
    runner = CliRunner()
    assert runner.invoke(app, ["a"]).exit_code == 0
    assert runner.invoke(app, ["b", "--blue", "x", "--red", "3", "--blue", "y", "--fast"]).exit_code == 0
    assert received == [("a", Colors(), False), ("b", Colors(3, ["x", "y"]), True)]
    assert "Amount of red." in runner.invoke(app, ["--help"]).output


def test_an_option_that_is_declared_twice_is_refused() -> None:
    def paint(*, colors: Colors, red: int = 0) -> None: ...

    with pytest.raises(ValueError, match="duplicate parameter name: 'red'"):
        expand_groups(paint)


def test_run_options_are_all_fields_of_a_request_that_are_not_inputs() -> None:
    request = RunOptions(seed=3, device="cpu", max_pixels=9).request("a.png", "b.png", Spec(), keep="m.png")
    assert request == Request("a.png", "b.png", Spec(), keep="m.png", seed=3, device="cpu", max_pixels=9)


def test_spec_options_change_the_preset() -> None:
    assert SpecOptions().build() == Spec()
    assert SpecOptions(preset="paper").build() == PRESETS["paper"].spec
    spec = SpecOptions(size=48, strength=0.2, settings=["network.channels=4"]).build(start="earlier.png")
    assert (spec.size, spec.start.kind, spec.network.channels) == (48, "picture", (4,) * 5)


def test_moved_options_name_the_new_files() -> None:
    assert MovedOptions().relocate() == RelocatedFiles()
    moved = MovedOptions(content=Path("a"), style=[Path("b"), Path("c")], mask=[Path("d")], trained=Path("e"))
    assert moved.relocate() == RelocatedFiles(Path("a"), (Path("b"), Path("c")), (Path("d"),), None, None, Path("e"))
