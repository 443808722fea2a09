"""The program: its commands, and how everything that can go wrong becomes one sentence and an exit code."""

from __future__ import annotations

import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import barestyle
from barestyle.cli.batch import batch
from barestyle.cli.demo import demo
from barestyle.cli.info import info
from barestyle.cli.interrupt import STARTUP_INTERRUPT
from barestyle.cli.options import INTERRUPTED
from barestyle.cli.presets import presets
from barestyle.cli.recolor import recolor
from barestyle.cli.rerun import rerun
from barestyle.cli.resume import resume
from barestyle.cli.score import score
from barestyle.cli.several import MultiValueCommand
from barestyle.cli.study.commands import app as study
from barestyle.cli.transfer import transfer
from barestyle.cli.ui import ui
from barestyle.cli.weights import app as weights
from barestyle.errors import BarestyleError

FAILED = 2
"""Exit code of anything refused."""


class StoppedError(Exception):
    """Ctrl-C at a moment when no result could be kept."""


class Program(TyperGroup):
    """Typer's group, which would turn Ctrl-C into a silent exit."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise StoppedError from None


app = typer.Typer(
    cls=Program,
    add_completion=True,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Repaint a picture in the style of another, with networks that nobody trained.",
)
app.command(cls=MultiValueCommand)(transfer)
app.command(cls=MultiValueCommand)(resume)
app.command(cls=MultiValueCommand)(batch)
for command in (demo, presets, recolor, rerun, score, ui, info):
    app.command()(command)
app.add_typer(study, name="study")
app.add_typer(weights, name="weights")


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"barestyle {barestyle.__version__}")
        raise typer.Exit


@app.callback()
def program(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and leave.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show a traceback where something goes wrong.")] = False,
) -> None:
    """Options that belong to every command; both are dealt with before and around it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code, and prints a sentence where something went wrong."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    # --debug may stand anywhere, as people add it to the end of the line that failed.
    given = [argument for argument in given if argument != "--debug"]
    with warnings.catch_warnings():
        warnings.showwarning = _note
        if {"-q", "--quiet"} & set(given):
            warnings.simplefilter("ignore")
        return _run(given or ["--help"], debug=debug)


def _run(arguments: list[str], *, debug: bool) -> int:
    before = signal.getsignal(signal.SIGINT)
    try:
        STARTUP_INTERRUPT.watch()
        code = app(arguments, prog_name="barestyle", standalone_mode=False)
    except (StoppedError, KeyboardInterrupt):
        return _failed("interrupted before a result was kept; none was written", INTERRUPTED)
    except typer.Abort:
        return _failed("stopped; nothing was written", INTERRUPTED)
    except typer.TyperException as error:
        usage = "see `barestyle --help`, or --help behind a command"
        return _failed(f"{error.format_message().rstrip('.')}; {usage}", FAILED)
    except BarestyleError as error:
        if debug:
            traceback.print_exc()
        return _failed(str(error), FAILED)
    except Exception as error:  # the outermost place: a mistake of ours must be told, too
        if STARTUP_INTERRUPT.seen:
            return _failed("interrupted before a result was kept; none was written", INTERRUPTED)
        if debug:
            raise
        return _failed(f"this is a mistake in barestyle ({type(error).__name__}: {error}); --debug shows where", 1)
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, before)
    return code if isinstance(code, int) else 0


def _failed(sentence: str, code: int) -> int:
    print(f"barestyle: {sentence.rstrip('.')}", file=sys.stderr)
    return code


def _note(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f"barestyle: note: {message}", file=sys.stderr)
