"""`barestyle recolor`: transfer the colors of an image, without its strokes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from barestyle.cli import options
from barestyle.spec import MAX_PIXELS, MatchedColors
from barestyle.spec.colors import Method, Space

DEFAULTS = MatchedColors()


def recolor(
    content: Annotated[Path, typer.Argument(metavar="CONTENT", help="Image to recolor.", show_default=False)],
    style: Annotated[Path, typer.Argument(metavar="STYLE", help="Image to take colors from.", show_default=False)],
    output: options.Output = None,
    method: Annotated[
        Method,
        typer.Option(
            help="mean-covariance: one linear map for all channels; histogram: match each channel separately."
        ),
    ] = DEFAULTS.method,
    space: Annotated[Space, typer.Option(help="Color space in which colors are mapped.")] = DEFAULTS.space,
    max_pixels: options.MaxPixels = MAX_PIXELS,
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> None:
    """Give CONTENT the colors of STYLE, without its strokes.

    There is no optimization. The result has the size of CONTENT.
    """
    from barestyle.atomic_files import write_atomically
    from barestyle.images import check_distinct, check_format, check_output, color_transfer, encode
    from barestyle.run.inputs import read_style

    output = output or Path(f"{content.stem}-{style.stem}.png")
    check_output(output, force=force)
    check_distinct([output], (content, style))
    image, reference = (read_style(path, max_pixels=max_pixels) for path in (content, style))
    check_format(output, image.height, image.width)
    # With `colors=matched` a run does the reverse: it gives the style the colors of the content.
    pixels = color_transfer.match_colors(
        image.pixels,
        reference.pixels,
        method=method,
        space=space,
        mask=image.alpha,
        reference_mask=reference.alpha,
    )
    write_atomically(output, encode(pixels, image.alpha, output.suffix, bits=image.bits))
    if not quiet:
        print(f"{output}  {image.width} x {image.height} pixels")
