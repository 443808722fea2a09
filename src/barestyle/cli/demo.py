"""`barestyle demo`: repaint an example photo in an example style, both installed with the package."""

from __future__ import annotations

from typing import Annotated

import typer

from barestyle import samples
from barestyle.cli import options
from barestyle.cli.completion import complete_photo, complete_style
from barestyle.cli.display_options import DisplayOptions
from barestyle.cli.execute import execute, report
from barestyle.cli.option_groups import RunOptions, expand_groups
from barestyle.cli.output_option import create_folders, parse_output
from barestyle.cli.spec_builder import build_spec
from barestyle.presets import DEFAULT_PRESET
from barestyle.samples import PHOTOS, STYLES

DEFAULT_OUTPUT = "demo.png"


@expand_groups
def demo(
    *,
    output: Annotated[
        str,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help="Output image: .png, .jpg, .tif, .webp, .avif or .jxl; a folder; or - for standard output.",
        ),
    ] = DEFAULT_OUTPUT,
    photo: Annotated[
        str, typer.Option(metavar="NAME", help=f"Photo to repaint: {', '.join(PHOTOS)}.", autocompletion=complete_photo)
    ] = "coffee",
    style: Annotated[
        str, typer.Option(metavar="NAME", help=f"Style to use: {', '.join(STYLES)}.", autocompletion=complete_style)
    ] = "swirls",
    preset: options.PresetName = DEFAULT_PRESET,
    size: Annotated[int, typer.Option("--size", "-s", metavar="N", help="Longer side of the result in pixels.")] = 384,
    steps: options.Steps = None,
    run_options: RunOptions,
    force: options.Force = False,
    display: DisplayOptions,
) -> int:
    """Repaint an example photo in an example style, without files of your own."""
    spec = build_spec(preset, size=size, steps=steps)
    from barestyle.run.plan import prepare

    target = parse_output(output, DEFAULT_OUTPUT)
    execute_options = display.execute_options(force=force)
    if target.is_standard:
        display.check_standard_output()
    target.check(force=force)
    plan = prepare(run_options.request(samples.photo(photo), samples.style(style), spec))
    with create_folders([target]):
        outcome = execute(plan, target.path, execute_options)
    report(outcome, quiet=display.quiet, as_json=display.as_json)
    return outcome.exit_code
