"""`barestyle recolor`: transfer the colors of an image, without its strokes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from barestyle.cli import options
from barestyle.cli.input_files import check_exist
from barestyle.cli.output_option import create_folders, default_output
from barestyle.cli.standard_streams import StandardInput, write_standard_output
from barestyle.cli.style_images import locate_style_image
from barestyle.limits import MAX_PIXELS
from barestyle.spec import MatchedColors
from barestyle.spec.colors import Method, Space

DEFAULTS = MatchedColors()


def recolor(
    content: Annotated[
        Path, typer.Argument(metavar="CONTENT", help="Image to recolor; - for standard input.", show_default=False)
    ],
    style: Annotated[
        Path,
        typer.Argument(metavar="STYLE", help="Image to take colors from, or an installed style.", show_default=False),
    ],
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
    sources = (content, locate_style_image(style))
    check_exist(sources)

    from barestyle.atomic_files import write_atomically
    from barestyle.images import check_format, color_transfer, encode
    from barestyle.run.inputs import read_style

    target = default_output(output, sources)
    standard_input = StandardInput(sources)
    target.check_image(force=force, inputs=sources)
    standard_input.read(max_pixels=max_pixels)
    image, reference = (read_style(standard_input.replace(path), max_pixels=max_pixels) for path in sources)
    check_format(target.path, image.height, image.width)
    # With `colors=matched` a run does the reverse: it gives the style the colors of the content.
    pixels = color_transfer.match_colors(
        image.pixels,
        reference.pixels,
        method=method,
        space=space,
        mask=image.alpha,
        reference_mask=reference.alpha,
    )
    data = encode(pixels, image.alpha, ".png" if target.is_standard else target.path.suffix, bits=image.bits)
    if target.is_standard:
        write_standard_output(data)
    else:
        with create_folders([target]):
            write_atomically(target.path, data)
    if not quiet:
        name, file = ("standard output", sys.stderr) if target.is_standard else (target.path, sys.stdout)
        print(f"{name}  {image.width} x {image.height} pixels", file=file)
