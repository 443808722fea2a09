"""`barestyle demo`: a photograph and a style that are both at hand already."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from barestyle import samples
from barestyle.cli import options
from barestyle.presets import DEFAULT_PRESET
from barestyle.samples import PHOTOS, STYLES


def demo(
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="OUT", help="PNG, JPEG, TIFF or WebP, by extension.")
    ] = Path("demo.png"),
    photo: Annotated[str, typer.Option(metavar="NAME", help=f"One of scikit-image's: {', '.join(PHOTOS)}.")] = "coffee",
    style: Annotated[
        str, typer.Option(metavar="NAME", help=f"One of barestyle's own: {', '.join(STYLES)}.")
    ] = "swirls",
    preset: options.PresetName = DEFAULT_PRESET,
    size: Annotated[int, typer.Option("--size", "-s", metavar="N", help="Long side of the result in pixels.")] = 384,
    steps: options.Steps = None,
    seed: options.Seed = 0,
    device: options.Device = "auto",
    precision: options.Precision = "auto",
    memory: options.Memory = "auto",
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> int:
    """Repaint a photograph of scikit-image's in one of barestyle's own styles."""
    spec = options.assembled(preset, size=size, steps=steps)
    from barestyle.cli.transfer import paint
    from barestyle.run.plan import prepare
    from barestyle.run.record import check_output
    from barestyle.run.request import Request

    check_output(output, force=force)
    pictures = samples.photo(photo), samples.style(style)
    plan = prepare(Request(*pictures, spec, seed=seed, device=device, precision=precision, memory=memory))
    return paint(plan, output, quiet=quiet, force=force)
