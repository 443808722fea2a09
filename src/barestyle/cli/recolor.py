"""`barestyle recolor`: the style's colors alone, without a search."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from barestyle.cli import options
from barestyle.spec import MAX_PIXELS, MatchedColors
from barestyle.spec.colors import Method, Space

DEFAULTS = MatchedColors()


def recolor(
    content: Annotated[Path, typer.Argument(metavar="CONTENT", help="The picture to recolor.", show_default=False)],
    style: Annotated[
        Path, typer.Argument(metavar="STYLE", help="The picture whose colors to take.", show_default=False)
    ],
    output: options.Output = None,
    method: Annotated[
        Method, typer.Option(help="One linear map of all colors, or each channel by itself.")
    ] = DEFAULTS.method,
    space: Annotated[Space, typer.Option(help="Where that is done.")] = DEFAULTS.space,
    max_pixels: options.MaxPixels = MAX_PIXELS,
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> None:
    """Give CONTENT the colors of STYLE, and nothing else of it: no strokes.

    At the photograph's own size, at once. Without -o the result is named after both pictures.
    """
    from barestyle.atomic_files import write_atomically
    from barestyle.images import check_distinct, check_format, check_output, color_transfer, encode
    from barestyle.run.inputs import read_style

    output = output or Path(f"{content.stem}-{style.stem}.png")
    check_output(output, force=force)
    check_distinct([output], (content, style))
    photo, painting = (read_style(path, max_pixels=max_pixels) for path in (content, style))
    check_format(output, photo.height, photo.width)
    # The roles are those of `colors=matched` the other way round: there the style gets the content's colors.
    pixels = color_transfer.match_colors(
        photo.pixels,
        painting.pixels,
        method=method,
        space=space,
        mask=photo.alpha,
        reference_mask=painting.alpha,
    )
    write_atomically(output, encode(pixels, photo.alpha, output.suffix, bits=photo.bits))
    if not quiet:
        print(f"{output}  {photo.width} x {photo.height} pixels")
