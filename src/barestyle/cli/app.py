"""The program: its commands, and how every error becomes one sentence and an exit code."""

from __future__ import annotations

import os
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
from barestyle.cli.command_table import CommandTable
from barestyle.cli.completion import join_bash_words
from barestyle.cli.exit_codes import INTERRUPTED, READER_ENDED, REFUSED
from barestyle.cli.garbage_collection import collect_rarely
from barestyle.cli.interrupt import STARTUP_INTERRUPT
from barestyle.cli.messages import NotePrinter, print_error
from barestyle.cli.standard_streams import discard_output, flush_standard_output
from barestyle.errors import BarestyleError, DeviceError, ProcessGroupError

INTERNAL_ERROR = 1
"""Exit code for an error that is a bug."""

SHARED_COMMANDS = ("transfer", "resume")
"""Commands whose work the processes that `torchrun` starts share."""

NOTHING_SAVED = "interrupted; nothing was saved"


class StoppedError(Exception):
    """Ctrl-C at a moment when there was no result to save."""


class ReaderEndedError(Exception):
    """The program that reads standard output or standard error through a pipe has ended."""


class Program(TyperGroup):
    """Typer's group with the commands of a CommandTable.

    Ctrl-C and a closed pipe are exceptions, where Typer would exit by itself.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = CommandTable()

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise StoppedError from None
        except BrokenPipeError:
            raise ReaderEndedError from None


app = typer.Typer(
    cls=Program,
    add_completion=True,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Neural style transfer with untrained networks: repaint a photo in the style of another image.",
)


def _print_version(is_requested: bool) -> None:
    if is_requested:
        print(f"barestyle {barestyle.__version__}")
        raise typer.Exit


@app.callback()
def program(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Print a traceback for every error.")] = False,
) -> None:
    """Declare the options of the program itself; `_print_version` and `main` act on them.

    Raise ProcessGroupError for a command that torchrun started several times, and that does not share its work.
    """
    if context.invoked_subcommand not in SHARED_COMMANDS and is_one_of_several():
        raise ProcessGroupError(
            f"`barestyle {context.invoked_subcommand}` runs in one process; start it without torchrun, which is for "
            f"{' and '.join(SHARED_COMMANDS)}"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program, print an error as one sentence, and return the exit code."""
    collect_rarely()
    remaining = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in remaining
    # --debug is accepted anywhere, because people append it to the command that failed.
    remaining = [argument for argument in remaining if argument != "--debug"]
    with warnings.catch_warnings():
        warnings.showwarning = NotePrinter()
        if {"-q", "--quiet"} & set(remaining):
            warnings.simplefilter("ignore")
        return _run(remaining or ["--help"], debug=debug)


def is_one_of_several() -> bool:
    """Return whether `torchrun` started this process together with others."""
    return "TORCHELASTIC_RUN_ID" in os.environ and os.environ.get("WORLD_SIZE", "1") != "1"


def _run(arguments: list[str], *, debug: bool) -> int:
    previous_handler = signal.getsignal(signal.SIGINT)
    try:
        STARTUP_INTERRUPT.watch()
        with join_bash_words():
            code = app(arguments, prog_name="barestyle", standalone_mode=False)
        flush_standard_output()  # a pipe may be closed, or a disk full
    except (ReaderEndedError, BrokenPipeError):
        discard_output()
        return READER_ENDED
    except (StoppedError, KeyboardInterrupt, typer.Abort):
        return _fail(NOTHING_SAVED, INTERRUPTED)
    except typer.TyperException as error:
        message = error.format_message().replace("Value error, ", "").rstrip(".")
        return _fail(f"{message}; run the command with --help for its usage", REFUSED)
    except BarestyleError as error:
        if debug:
            traceback.print_exc()
        return _fail(error, REFUSED)
    except Exception as error:  # the outermost level: a bug is reported in a sentence, too
        if STARTUP_INTERRUPT.is_pending:
            return _fail(NOTHING_SAVED, INTERRUPTED)
        if debug:
            raise
        return _fail(
            f"internal error ({type(error).__name__}: {error}); run again with --debug for a traceback",
            INTERNAL_ERROR,
        )
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, previous_handler)
    return code if isinstance(code, int) else 0


def _fail(error: Exception | str, code: int) -> int:
    """Print an error and return its exit code; of processes that have the same error, the first one prints it."""
    is_first = os.environ.get("RANK", "0") == "0" or not is_one_of_several()
    is_own = code == INTERNAL_ERROR or (isinstance(error, DeviceError) and not error.is_shared)
    if is_first or is_own:
        print_error(error)
    return code
