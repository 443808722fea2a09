"""`barestyle export`: a trained style in the formats of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from barestyle.cli import options
from barestyle.cli.trained_style import locate_style
from barestyle.errors import OutputError


def export(
    style: Annotated[
        str,
        typer.Argument(
            metavar="STYLE",
            help="Trained style: a .style file, or the name of one that comes with barestyle.",
            show_default=False,
        ),
    ],
    onnx_file: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="ONNX file to write: .onnx.", show_default=False),
    ] = None,
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> None:
    """Write STYLE for other programs: as an ONNX file, which ONNX Runtime and others read.

    Its inputs are `image` (N, 3, H, W), sRGB in 0..1, and `weights` (1, styles + 1), of the photo itself and of each
    style; its output is `painted`.
    """
    style_file = locate_style(style)
    if onnx_file is None:
        raise OutputError(f"there is nothing to write; name a file with -o, like -o {style_file.stem}.onnx")
    export_onnx_file(style_file, onnx_file, force=force)
    if not quiet:
        print(onnx_file)


def export_onnx_file(style_file: Path, output: Path, *, force: bool) -> None:
    """Write a trained style as an ONNX file. Raise StyleFileError or OutputError."""
    from barestyle.feed_forward import load_style
    from barestyle.feed_forward.onnx_file import export_onnx
    from barestyle.images import check_distinct
    from barestyle.images.output import check_output

    check_output(output, force=force, extensions=(".onnx",), what="ONNX")
    check_distinct([output], [style_file])
    export_onnx(load_style(style_file), output)
