"""`barestyle batch`: many photographs, many styles."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from barestyle.batch import FIELDS, PATTERN, Pair, Tally, pairs, pictures
from barestyle.cli import options
from barestyle.errors import BarestyleError, OutputError, RecordError
from barestyle.presets import DEFAULT_PRESET
from barestyle.spec import MAX_PIXELS

if TYPE_CHECKING:
    from barestyle.plan import Plan

FAILED = 1
"""Exit code where something was painted and something was not."""


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
    colours: options.Colours = None,
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
        colours=colours,
        trained=trained,
        settings=settings,
    )
    known = {"preset": Path(preset).stem, "seed": seed, "size": size or "auto"}
    todo = pairs(pictures(contents), pictures(styles), paired=paired, folder=into, pattern=name, **known)
    from barestyle.plan import prepare

    def prepared(pair: Pair) -> Plan:
        return prepare(
            pair.content,
            pair.style,
            spec,
            seed=seed,
            device=device,
            precision=precision,
            memory=memory,
            max_pixels=max_pixels,
        )

    _make(into)
    tally = Tally([], [], [])
    for number, pair in enumerate(todo, 1):
        if not quiet:
            print(f"{number}/{len(todo)}  {pair.content} in {pair.style}", file=sys.stderr)
        try:
            code = _one(pair, prepared, tally, force=force, quiet=quiet)
        except BarestyleError as error:
            tally.failed.append((pair, error))
            print(f"barestyle: {error}", file=sys.stderr)
            continue
        if code:
            print(f"interrupted; {tally.sentence()}, {len(todo) - number} are left", file=sys.stderr)
            return code
    if not quiet or tally.failed:
        _summary(tally)
    return FAILED if tally.failed else 0


def _one(pair: Pair, prepared: Callable[[Pair], Plan], tally: Tally, *, force: bool, quiet: bool) -> int:
    """Paint a pair, unless it is done; returns the exit code of an interrupted run."""
    from barestyle.cli.transfer import paint
    from barestyle.records import check_output

    plan = prepared(pair)
    if pair.output.exists() and not force:
        if _is_done(pair, plan):
            tally.skipped.append(pair.output)
            return 0
        force = True  # it is what an interrupted run of the same batch left
    _make(pair.output.parent)
    check_output(pair.output, force=force, inputs=(pair.content, pair.style))
    code = paint(plan, pair.output, quiet=quiet, force=force)
    if not code:
        tally.painted.append(pair.output)
    return code


def _is_done(pair: Pair, plan: Plan) -> bool:
    """Whether the picture of the result's name is the result, whole. Raises OutputError where it is another one."""
    from barestyle import records

    remedy = "choose another --name or --into, or overwrite it with --force"
    try:
        record = records.find(pair.output)
    except RecordError:
        raise OutputError(f"{str(pair.output)!r} exists and is no result of barestyle's; {remedy}") from None
    wanted = (plan.spec.digest, plan.seed, plan.content.sha256, [style.picture.sha256 for style in plan.styles])
    there = (record.spec.digest, record.seed, record.content.sha256, [style.sha256 for style in record.styles])
    if wanted != there or (record.keep, record.start) != (None, None) or record.styles[0].mask is not None:
        raise OutputError(f"{str(pair.output)!r} exists and was made from other pictures or settings; {remedy}")
    return not record.interrupted


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"the folder {str(folder)!r} cannot be made ({error.strerror}); choose another") from None


def _summary(tally: Tally) -> None:
    print(tally.sentence())
    for pair, error in tally.failed:
        print(f"  {pair.content} in {pair.style}: {error}")
