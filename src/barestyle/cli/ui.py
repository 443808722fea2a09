"""`barestyle ui`: serve the page."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ByteSize, TypeAdapter, ValidationError

from barestyle.cli import options
from barestyle.errors import BarestyleError
from barestyle.ui.limits import Limits

LIMITS = Limits()

StylesFolder = Annotated[
    Path | None,
    typer.Option(
        "--styles", metavar="DIR", help="Folder of styles that the page offers beside its own.", show_default=False
    ),
]
KeptSessions = Annotated[
    Path | None,
    typer.Option(
        "--keep-sessions",
        metavar="DIR",
        help="Keep pictures, results and settings in this folder for the next start.",
        show_default=False,
    ),
]


def ui(
    host: Annotated[
        str, typer.Option(metavar="H", help="Address to listen on; 0.0.0.0 makes the page available to the network.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="N", min=0, max=65535, help="Port; 0 picks a free one.")] = 7860,
    open_browser: Annotated[
        bool | None,
        typer.Option(
            "--open/--no-open", help="Open the page in a browser (default: if there is a display).", show_default=False
        ),
    ] = None,
    max_upload: Annotated[str, typer.Option(metavar="SIZE", help="Size limit of an uploaded file.")] = (
        f"{LIMITS.max_upload // 1_000_000}MB"
    ),
    max_pixels: options.MaxPixels = LIMITS.max_pixels,
    max_size: Annotated[
        int, typer.Option(metavar="N", min=1, max=65536, help="Longest side of a result, in pixels.")
    ] = LIMITS.max_size,
    styles: StylesFolder = None,
    keep_sessions: KeptSessions = None,
    device: options.Device = "auto",
    precision: options.Precision = "auto",
    memory: options.Memory = "auto",
) -> None:
    """Open barestyle in a web browser. The page is served by this machine and needs no network.

    Images are painted one at a time; further requests wait in a queue.

    Press Ctrl-C to quit. This deletes all uploaded files and results, unless --keep-sessions is given.
    """
    limits = Limits(max_upload=_parse_size(max_upload), max_pixels=max_pixels, max_size=max_size)
    if find_spec("gradio") is None:
        raise BarestyleError("the page needs gradio; install it with: pip install 'barestyle[ui]'")
    from barestyle.ui.compute import Compute
    from barestyle.ui.serve import is_private, serve

    compute = Compute(device=device, precision=precision, memory=memory, limits=limits)
    compute.check()
    compute.measure_speed()

    def announce(address: str) -> None:
        print(f"Open {address} in a browser (press Ctrl-C to quit).", flush=True)
        if not is_private(host):
            print("Anyone on this network can use the page; there is no password.", flush=True)

    wants_browser = _has_display() if open_browser is None else open_browser
    if not serve(
        compute,
        host,
        port,
        announce=announce,
        open_browser=wants_browser,
        styles=styles,
        kept_sessions=keep_sessions and keep_sessions.resolve(),
    ):
        # A step is still running in the worker thread, and a normal exit would abort inside it.
        sys.stdout.flush()
        os._exit(0)


def _parse_size(text: str) -> int:
    try:
        size = int(TypeAdapter(ByteSize).validate_python(text))
    except ValidationError:
        size = 0
    if size <= 0:
        raise BarestyleError(f"--max-upload must be a size such as 50MB, not {text!r}")
    return size


def _has_display() -> bool:
    """Return whether a graphical browser can open; in a bare terminal a text browser would."""
    if sys.platform != "linux":
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
