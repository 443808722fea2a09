"""`barestyle export`: a trained style as an ONNX file for other programs, or as a web page that paints."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from barestyle.cli import options
from barestyle.cli.output_option import OutputFile, check_new_folder, create_folders, parse_output
from barestyle.cli.trained_style import locate_style
from barestyle.errors import OutputError


def export(
    style: options.TrainedStyle,
    onnx_file: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="ONNX file to write: .onnx.", show_default=False),
    ] = None,
    web_folder: Annotated[
        Path | None,
        typer.Option(
            "--web",
            metavar="DIR",
            help="Folder for a web page that paints photos and the camera in the browser: index.html.",
            show_default=False,
        ),
    ] = None,
    runtime: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="For --web: the unpacked npm package onnxruntime-web (default: downloaded by npm at the first use).",
            show_default=False,
        ),
    ] = None,
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> None:
    """Write STYLE for other programs: as an ONNX file (-o), as a web page that paints (--web), or both.

    The inputs of the ONNX file are `image` (N, 3, H, W), sRGB in 0..1, and `weights` (1, styles + 1), of the photo
    itself and of each style; its output is `painted`. The page is one file, which works from disk and from any web
    server; it needs no network, and sends nothing.
    """
    style_file = locate_style(style)
    if onnx_file is None and web_folder is None:
        raise OutputError(
            f"there is nothing to write; name a file with -o, like -o {style_file.stem}.onnx, or the folder of a web "
            "page with --web"
        )
    if runtime is not None and web_folder is None:
        raise OutputError("--runtime is for a web page; name its folder with --web, or leave out --runtime")
    page = None if web_folder is None else check_page(web_folder, force=force)
    content = b"" if page is None else make_page(style_file, runtime, quiet=quiet)
    if onnx_file is not None:
        export_onnx_file(style_file, onnx_file, force=force)
        if not quiet:
            print(onnx_file)
    if page is not None:
        write_page(page, content)
        if not quiet:
            print(page.path)


def export_onnx_file(style_file: Path, output: Path, *, force: bool) -> None:
    """Write a trained style as an ONNX file. Raise StyleFileError or OutputError."""
    from barestyle.feed_forward import load_style
    from barestyle.feed_forward.onnx_file import export_onnx
    from barestyle.images import check_distinct
    from barestyle.images.output import check_output

    check_output(output, force=force, extensions=(".onnx",), what="ONNX")
    check_distinct([output], [style_file])
    export_onnx(load_style(style_file), output)


def check_page(folder: Path, *, force: bool) -> OutputFile:
    """Return the file of the web page in a folder, which need not exist. Raise OutputError if it cannot be written."""
    from barestyle.images.output import check_output

    page = parse_output(f"{folder}/", "index.html")
    if page.new_folder is None:
        check_output(page.path, force=force, extensions=(".html",), what="page")
    else:
        check_new_folder(page.new_folder)
    return page


def make_page(style_file: Path, runtime: Path | None, *, quiet: bool) -> bytes:
    """Return the web page of a trained style. Raise StyleFileError or WebRuntimeError."""
    from barestyle.feed_forward import load_style, web_runtime
    from barestyle.feed_forward.web_page import build_page

    style = load_style(style_file)
    if runtime is None and not web_runtime.is_downloaded() and not quiet:
        package = f"{web_runtime.PACKAGE} {web_runtime.VERSION}"
        print(f"npm downloads {package} (33 MB), which is kept for later pages", file=sys.stderr)
    return build_page(style, web_runtime.load_runtime(runtime))


def write_page(page: OutputFile, content: bytes) -> None:
    """Write a web page, and create its folder if it does not exist. Raise OutputError."""
    from barestyle.atomic_files import write_atomically

    with create_folders([page]):
        write_atomically(page.path, content)
