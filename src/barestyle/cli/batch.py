"""`barestyle batch`: many photographs, many styles."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from barestyle.cli import options
from barestyle.cli.batch_pairs import FIELDS, PATTERN, Pair, Tally, pairs, pictures
from barestyle.errors import BarestyleError, OutputError, RecordError
from barestyle.presets import DEFAULT_PRESET
from barestyle.spec import MAX_PIXELS

if TYPE_CHECKING:
    from barestyle.run.plan import Plan

FAILED = 1
"""Exit code where a pair failed; what is wrong with the line itself has that of anything refused."""


def batch(
    contents: Annotated[
        list[str], typer.Argument(metavar="CONTENT...", help="Pictures, folders or patterns.", show_default=False)
    ],
    styles: Annotated[
        list[str],
        typer.Option("--styles", metavar="STYLE...", help="Likewise: whose styles to take.", show_default=False),
    ],
    into: Annotated[Path, typer.Option("--into", metavar="FOLDER", help="Where results go; it is made.")] = Path("."),
    name: Annotated[
        str,
        typer.Option("--name", metavar="PATTERN", help=f"Of results, with {', '.join(f'{{{f}}}' for f in FIELDS)}."),
    ] = PATTERN,
    paired: Annotated[
        bool, typer.Option("--paired", help="The first picture in the first style, and so on; not all in all.")
    ] = False,
    preset: options.PresetName = DEFAULT_PRESET,
    size: options.Size = None,
    steps: options.Steps = None,
    strength: options.Strength = None,
    style_scale: options.StyleScale = None,
    colors: options.Colors = None,
    seed: options.Seed = 0,
    device: options.Device = "auto",
    precision: options.Precision = "auto",
    memory: options.Memory = "auto",
    settings: options.Settings = None,
    trained: options.Trained = None,
    max_pixels: options.MaxPixels = MAX_PIXELS,
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> int:
    """Repaint every CONTENT in every STYLE.

    What is done already is skipped, and one that fails stops no other; the same line again goes on where it was.

    Ends with 1 where one failed.
    """
    spec = options.assembled(
        preset,
        size=size,
        steps=steps,
        strength=strength,
        style_scale=style_scale,
        colors=colors,
        trained=trained,
        settings=settings,
    )
    known = {"preset": Path(preset).stem, "seed": seed, "size": size or "auto"}
    todo = pairs(pictures(contents), pictures(styles), paired=paired, folder=into, pattern=name, **known)
    from barestyle.run.plan import check_options, prepare
    from barestyle.run.request import Request

    check_options(spec, seed=seed, device=device, precision=precision, memory=memory)

    def prepared(pair: Pair) -> Plan:
        return prepare(
            Request(
                pair.content,
                pair.style,
                spec,
                seed=seed,
                device=device,
                precision=precision,
                memory=memory,
                max_pixels=max_pixels,
            )
        )

    _make(into)
    _check_apart(todo)
    tally = Tally([], [], [])
    for number, pair in enumerate(todo, 1):
        if not quiet:
            print(f"{number}/{len(todo)}  {pair.content} in {pair.style}", file=sys.stderr)
        try:
            stopped = _one(pair, prepared, tally, force=force, quiet=quiet)
        except BarestyleError as error:
            tally.failed.append((pair, error))
            print(f"barestyle: {error}", file=sys.stderr)
            continue
        if stopped:
            print(f"interrupted; {tally.sentence()}, {len(todo) - number} are left", file=sys.stderr)
            return options.INTERRUPTED
    if not quiet or tally.failed:
        _summary(tally)
    return FAILED if tally.failed else 0


def _one(pair: Pair, prepared: Callable[[Pair], Plan], tally: Tally, *, force: bool, quiet: bool) -> bool:
    """Paint a pair, unless it is done; whether somebody wants to stop."""
    from barestyle.cli.transfer import paint
    from barestyle.run.record import check_output

    plan = prepared(pair)
    there = _is_there(pair.output)
    if there and not force and _is_done(pair, plan):
        tally.skipped.append(pair.output)
        return False
    _make(pair.output.parent)
    # What is there and not done is what a run of the same batch left that was interrupted, or killed while it saved.
    force = force or there
    check_output(pair.output, force=force)
    stops: list[None] = []
    code = paint(plan, pair.output, quiet=quiet, force=force, was_stopped=lambda: stops.append(None))
    if not code:
        tally.painted.append(pair.output)
    return bool(stops)


def _is_there(output: Path) -> bool:
    """Whether a result, or its record alone, lies where it shall. Raises OutputError for a name that cannot be."""
    from barestyle.run.record import sidecar

    try:
        return output.exists() or sidecar(output).exists()
    except OSError as error:
        raise OutputError(f"{str(output)!r} cannot be an output ({error.strerror}); choose another --name") from None


def _check_apart(todo: list[Pair]) -> None:
    """Refuse results that would replace a picture that goes in, of whatever pair. Raises OutputError."""
    from barestyle.images import check_distinct

    inputs = (path for pair in todo for path in (pair.content, pair.style))
    check_distinct((pair.output for pair in todo), inputs)


def _is_done(pair: Pair, plan: Plan) -> bool:
    """Whether what lies there is the result, whole. Raises OutputError where it is something else."""
    from barestyle.run import record as records

    remedy = "choose another --name or --into, or overwrite it with --force"
    try:
        record = records.find(records.sidecar(pair.output) if not pair.output.exists() else pair.output)
    except RecordError:
        raise OutputError(f"{str(pair.output)!r} exists and is no result of barestyle's; {remedy}") from None
    if record.run_key != plan.run_key:
        raise OutputError(f"{str(pair.output)!r} exists and was made from other pictures or settings; {remedy}")
    return pair.output.exists() and not record.interrupted


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"the folder {str(folder)!r} cannot be made ({error.strerror}); choose another") from None


def _summary(tally: Tally) -> None:
    print(tally.sentence())
    for pair, error in tally.failed:
        print(f"  {pair.content} in {pair.style}: {error}")
