"""`barestyle batch`: repaint many photos in many styles."""

from __future__ import annotations

import errno
import glob
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from barestyle.cli import options
from barestyle.cli.batch_pairs import DEFAULT_NAME, FIELD_LIST, Pair, find_images, pair_images
from barestyle.cli.display_options import DisplayOptions
from barestyle.cli.execute import ExecuteOptions, Outcome, execute, report
from barestyle.cli.exit_codes import INCOMPLETE, INTERRUPTED
from barestyle.cli.json_output import print_json
from barestyle.cli.messages import print_error
from barestyle.cli.option_groups import RunOptions, SpecOptions, expand_groups
from barestyle.cli.style_images import locate_style_image
from barestyle.cli.value_list import split_paths
from barestyle.errors import BarestyleError, OutputError, RecordError

if TYPE_CHECKING:
    from barestyle.run.plan import Plan


@expand_groups
def batch(
    *,
    contents: Annotated[
        list[str],
        typer.Argument(metavar="CONTENT", help="Images, folders or quoted patterns to repaint.", show_default=False),
    ],
    styles: Annotated[
        list[str],
        typer.Option(
            "--styles",
            metavar="STYLE,STYLE...",
            help="Images, folders, quoted patterns or names of installed styles. May be repeated.",
            show_default=False,
        ),
    ],
    into: Annotated[
        Path, typer.Option("--into", metavar="FOLDER", help="Folder for the results; created if necessary.")
    ] = Path("."),
    name: Annotated[
        str, typer.Option("--name", metavar="PATTERN", help=f"Pattern for file names; its fields are {FIELD_LIST}.")
    ] = DEFAULT_NAME,
    paired: Annotated[
        bool, typer.Option("--paired", help="Pair content N with style N instead of every combination.")
    ] = False,
    spec_options: SpecOptions,
    run_options: RunOptions,
    force: options.Force = False,
    display: DisplayOptions,
) -> int:
    """Repaint every CONTENT in every style.

    Finished results are skipped, so the same command continues an interrupted batch.

    A pair that fails does not stop the others; the exit code is then 1.
    """
    spec = spec_options.build()
    execute_options = display.execute_options(force=force)
    values = {"preset": Path(spec_options.preset).stem, "seed": run_options.seed, "size": spec_options.size or "auto"}
    content_files, style_files = find_images(contents), find_images(list_styles(styles))
    pairs = pair_images(content_files, style_files, paired=paired, folder=into, pattern=name, **values)
    from barestyle.run.plan import check_options, prepare

    check_options(
        spec,
        seed=run_options.seed,
        device=run_options.device,
        precision=run_options.precision,
        memory=run_options.memory,
    )
    check_folder(into)
    check_outputs(pairs)

    def paint(pair: Pair) -> Outcome | None:
        plan = prepare(run_options.request(pair.content, pair.style, spec))
        return paint_pair(pair, plan, execute_options, is_silent=display.quiet or display.as_json)

    return paint_all(pairs, paint, display)


def list_styles(texts: list[str]) -> list[str | Path]:
    """Return the values of --styles, with names of installed styles replaced by their files. Raise ImageError."""
    return [text if glob.has_magic(text) else locate_style_image(Path(text)) for text in split_paths(texts)]


def paint_all(pairs: list[Pair], paint: Callable[[Pair], PairOutcome | None], display: DisplayOptions) -> int:
    """Paint every pair, print a summary, and return the exit code. Ctrl-C ends the batch after the current pair."""
    tally = Tally(len(pairs))
    for number, pair in enumerate(pairs, 1):
        announce(pair, number, len(pairs), display)
        try:
            outcome = paint(pair)
        except BarestyleError as error:
            print_error(error)
            tally.fail(pair, error)
            continue
        except KeyboardInterrupt:  # between two pairs, or pressed a second time
            return report_interrupt(tally, display)
        tally.add(pair, outcome)
        if outcome is not None and outcome.interrupted:
            return report_interrupt(tally, display)
    if display.as_json:
        print_json(tally.describe(interrupted=False))
    elif not display.quiet or tally.failed:
        print(tally.summary())
        for pair, failure in tally.failed:
            print(f"  {pair.content} in the style of {pair.style}: {failure}")
    return INCOMPLETE if tally.failed else 0


def report_interrupt(tally: Tally, display: DisplayOptions) -> int:
    """Print what was painted before Ctrl-C, and return the exit code."""
    print(f"interrupted: {tally.summary()}, {tally.remaining} remaining", file=sys.stderr)
    if display.as_json:
        print_json(tally.describe(interrupted=True))
    return INTERRUPTED


class PairOutcome(Protocol):
    """What painting a pair came to; see `Outcome`."""

    @property
    def interrupted(self) -> bool: ...

    @property
    def error(self) -> OutputError | None: ...

    @property
    def exit_code(self) -> int: ...

    def describe(self) -> dict[str, object]:
        """Return what JSON tells of it."""
        ...


def announce(pair: Pair, number: int, total: int, display: DisplayOptions) -> None:
    """Print on standard error which pair is next."""
    if display.quiet or display.progress == "none":
        return
    if display.progress == "json":
        data = {"pair": number, "pairs": total, "content": str(pair.content), "style": str(pair.style)}
        print_json(data, file=sys.stderr)
    else:
        print(f"{number}/{total}  {pair.content} in the style of {pair.style}", file=sys.stderr)


@dataclass
class Tally:
    """Pairs of a batch by what became of them."""

    total: int
    painted: list[Path] = field(default_factory=list)
    skipped: list[Path] = field(default_factory=list)
    failed: list[tuple[Pair, BarestyleError]] = field(default_factory=list)
    results: list[dict[str, object]] = field(default_factory=list)

    def add(self, pair: Pair, outcome: PairOutcome | None) -> None:
        """Count a pair: None stands for one that was finished already. One that was interrupted still remains."""
        if outcome is None:
            self.skipped.append(pair.output)
            self._describe(pair, "skipped", output=str(pair.output))
        elif outcome.error is not None:
            self.fail(pair, outcome.error, **outcome.describe())
        elif outcome.exit_code == 0:
            self.painted.append(pair.output)
            self._describe(pair, "painted", **outcome.describe())
        else:
            self._describe(pair, "interrupted", **outcome.describe())

    def fail(self, pair: Pair, error: BarestyleError, **fields: object) -> None:
        """Count a pair that failed; `fields` describe an image that was saved elsewhere."""
        self.failed.append((pair, error))
        self._describe(pair, "failed", **{"output": None, **fields, "error": str(error)})

    def _describe(self, pair: Pair, state: str, **fields: object) -> None:
        self.results.append({"content": str(pair.content), "style": str(pair.style), "state": state, **fields})

    def describe(self, *, interrupted: bool) -> dict[str, object]:
        """Return the counts and what became of every pair, for JSON."""
        return {
            "painted": len(self.painted),
            "skipped": len(self.skipped),
            "failed": len(self.failed),
            "remaining": self.remaining,
            "interrupted": interrupted,
            "results": self.results,
        }

    @property
    def remaining(self) -> int:
        """Number of pairs that were not counted yet."""
        return self.total - len(self.painted) - len(self.skipped) - len(self.failed)

    def summary(self) -> str:
        """Return '12 painted, 3 skipped, 1 failed'."""
        return f"{len(self.painted)} painted, {len(self.skipped)} skipped, {len(self.failed)} failed"


def paint_pair(pair: Pair, plan: Plan, execute_options: ExecuteOptions, *, is_silent: bool) -> Outcome | None:
    """Execute the plan of a pair, or return None if its result is finished. Report it unless `is_silent`.

    Raise OutputError if the output is another file, and what `execute` raises.
    """
    from barestyle.run.output_files import check_output

    exists = output_exists(pair.output)
    if exists and not execute_options.force and is_finished(pair, plan):
        return None
    create_folder(pair.output.parent)
    # What exists and is not finished is from an interrupted run of the same batch, or one killed while it saved.
    force = execute_options.force or exists
    check_output(pair.output, force=force)
    outcome = execute(plan, pair.output, replace(execute_options, force=force))
    report(outcome, quiet=is_silent)
    return outcome


def output_exists(output: Path) -> bool:
    """Return whether there is a result or its record. Raise OutputError if the system does not accept the name."""
    from barestyle.run.output_files import sidecar

    try:
        return output.exists() or sidecar(output).exists()
    except OSError as error:
        raise OutputError(f"{str(output)!r} cannot be an output ({error.strerror}); choose another --name") from None


def check_outputs(pairs: list[Pair]) -> None:
    """Raise OutputError if a result would replace an input of any pair."""
    from barestyle.images import check_distinct

    inputs = (path for pair in pairs for path in (pair.content, pair.style))
    check_distinct((pair.output for pair in pairs), inputs)


def is_finished(pair: Pair, plan: Plan) -> bool:
    """Return whether the existing output is the complete result of a plan. Raise OutputError if it is another file."""
    from barestyle.run import record as records
    from barestyle.run.output_files import sidecar

    remedy = "choose another --name or --into, or overwrite it with --force"
    try:
        record = records.find(pair.output if pair.output.exists() else sidecar(pair.output))
    except RecordError:
        raise OutputError(f"{str(pair.output)!r} exists and was not made by barestyle; {remedy}") from None
    if record.run_key != plan.run_key:
        raise OutputError(f"{str(pair.output)!r} exists and was made from other inputs or settings; {remedy}")
    return pair.output.exists() and not record.interrupted


def check_folder(folder: Path, option: str = "--into") -> None:
    """Raise OutputError if the folder of an option does not exist and cannot be created."""
    from barestyle.atomic_files import check_writable

    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    parent = missing[-1].parent if missing else folder
    if not parent.is_dir():
        reason = os.strerror(errno.ENOTDIR if missing else errno.EEXIST)
        raise OutputError(f"the folder {str(folder)!r} cannot be created ({reason}); choose another {option}")
    if missing:
        check_writable(missing[-1])


def create_folder(folder: Path, option: str = "--into") -> None:
    """Create the folder of an option and its parents. Raise OutputError if the system refuses."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"the folder {str(folder)!r} cannot be created ({error.strerror}); choose another {option}"
        ) from None
