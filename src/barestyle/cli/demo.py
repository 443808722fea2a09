"""`barestyle demo`: repaint an example photo in an example style, both installed with the package."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from barestyle import samples
from barestyle.cli import options
from barestyle.cli.execute import ExecuteOptions, execute, report
from barestyle.cli.option_groups import RunOptions, expand_groups
from barestyle.cli.spec_builder import build_spec
from barestyle.presets import DEFAULT_PRESET
from barestyle.samples import PHOTOS, STYLES


@expand_groups
def demo(
    *,
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="OUT", help="Output image: .png, .jpg, .tif, .webp, .avif or .jxl."),
    ] = Path("demo.png"),
    photo: Annotated[str, typer.Option(metavar="NAME", help=f"Photo to repaint: {', '.join(PHOTOS)}.")] = "coffee",
    style: Annotated[str, typer.Option(metavar="NAME", help=f"Style to use: {', '.join(STYLES)}.")] = "swirls",
    preset: options.PresetName = DEFAULT_PRESET,
    size: Annotated[int, typer.Option("--size", "-s", metavar="N", help="Longer side of the result in pixels.")] = 384,
    steps: options.Steps = None,
    run_options: RunOptions,
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> int:
    """Repaint an example photo in an example style, without files of your own."""
    spec = build_spec(preset, size=size, steps=steps)
    from barestyle.run.plan import prepare
    from barestyle.run.record import check_output

    check_output(output, force=force)
    plan = prepare(run_options.request(samples.photo(photo), samples.style(style), spec))
    outcome = execute(plan, output, ExecuteOptions(force=force, quiet=quiet))
    report(outcome, quiet=quiet)
    return outcome.exit_code
