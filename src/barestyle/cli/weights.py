"""`barestyle weights`: trained VGG-19, for those who want to compare with it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Trained VGG-19: where it is, and getting its first layers.")


@app.command()
def info() -> None:
    """Say which weights a run would use, and what is in them."""
    from barestyle.errors import WeightsError
    from barestyle.networks import vgg19 as pretrained

    print(f"named in ${pretrained.VARIABLE}: {os.environ.get(pretrained.VARIABLE) or 'nothing'}")
    print(f"fetched into {pretrained.cache_folder()}: {pretrained.fetched() or 'nothing'}")
    path = pretrained.find(None)
    found = pretrained.load(path, 1)
    for layers in range(2, len(pretrained.LAYER_INDICES) + 1):
        try:
            found = pretrained.load(path, layers)
        except WeightsError:
            break
    size = path.stat().st_size / 1e6
    print(f"a run would use {path}: {len(found.weights)} convolutions, {size:.1f} MB, SHA-256 {found.sha256}")


@app.command()
def fetch(
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="FILE|URL",
            help="A .safetensors or .pth file, or a .safetensors URL (default: on the Hugging Face hub).",
        ),
    ] = None,
    layers: Annotated[int, typer.Option(metavar="N", help="Convolutions: runs need 5, the trained metrics 8.")] = 5,
    cache: Annotated[Path | None, typer.Option(metavar="DIR", help="Where to keep them.", show_default=False)] = None,
) -> None:
    """Get the first layers' bytes of a file of 548 MB, verify and keep them."""
    from barestyle.networks.download import fetch as get

    found = get(source, layers=layers, cache=cache)
    known = "as at the first time" if found.was_pinned else "unknown until now, and pinned"
    print(f"{found.path}  {layers} convolutions, {found.bytes_read / 1e6:.1f} MB read")
    print(f"SHA-256 {found.digest}, {known}")
