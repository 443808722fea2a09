"""`barestyle ui`: the page."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from typing import Annotated

import typer
from pydantic import ByteSize, TypeAdapter, ValidationError

from barestyle.cli import options
from barestyle.errors import BarestyleError
from barestyle.ui.limits import Limits

LIMITS = Limits()


def ui(
    host: Annotated[str, typer.Option(metavar="H", help="Where to listen; 0.0.0.0 is for the whole network.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(metavar="N", min=0, max=65535, help="0 takes any free one.")] = 7860,
    open_browser: Annotated[
        bool | None,
        typer.Option(
            "--open/--no-open", help="Open it in a browser (default: where there is a screen).", show_default=False
        ),
    ] = None,
    max_upload: Annotated[str, typer.Option(metavar="SIZE", help="Refuse larger files.")] = (
        f"{LIMITS.max_upload // 1_000_000}MB"
    ),
    max_pixels: options.MaxPixels = LIMITS.max_pixels,
    max_size: Annotated[
        int, typer.Option(metavar="N", min=1, max=65536, help="Refuse results with a longer side.")
    ] = LIMITS.max_size,
    device: options.Device = "auto",
    precision: options.Precision = "auto",
    memory: options.Memory = "auto",
) -> None:
    """Paint in a browser: a page on this machine, which needs no network.

    One picture is painted at a time, and whoever else asks waits in line.

    Ctrl-C ends it; no file of anybody's is left behind.
    """
    limits = Limits(max_upload=_bytes(max_upload), max_pixels=max_pixels, max_size=max_size)
    if find_spec("gradio") is None:
        raise BarestyleError("the page needs gradio; install it with: pip install 'barestyle[ui]'")
    from barestyle.ui.jobs import Compute
    from barestyle.ui.serve import is_private, serve

    compute = Compute(device=device, precision=precision, memory=memory, limits=limits)
    compute.check()

    def announce(address: str) -> None:
        print(f"The page is at {address} (Ctrl-C ends it).", flush=True)
        if not is_private(host):
            print("Anyone in this machine's network can use it, and no password is asked for.", flush=True)

    wants_browser = _has_screen() if open_browser is None else open_browser
    if not serve(compute, host, port, announce=announce, open_browser=wants_browser):
        # Where a long step still goes on in its thread, Python would abort while it takes itself down around it.
        sys.stdout.flush()
        os._exit(0)


def _bytes(text: str) -> int:
    try:
        size = int(TypeAdapter(ByteSize).validate_python(text))
    except ValidationError:
        size = 0
    if size <= 0:
        raise BarestyleError(f"--max-upload cannot be {text!r}; it takes a size like 50MB")
    return size


def _has_screen() -> bool:
    """Whether a browser would have somewhere to open; on a bare terminal one might open inside it."""
    if sys.platform != "linux":
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
