"""`barestyle weights`: download and inspect trained VGG-19 weights, for comparisons."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Download and inspect trained VGG-19 weights, for comparisons.")


@app.command()
def info() -> None:
    """Show which weights file a run would use."""
    from barestyle.errors import WeightsError
    from barestyle.networks import vgg19

    print(f"${vgg19.ENVIRONMENT_VARIABLE}: {os.environ.get(vgg19.ENVIRONMENT_VARIABLE) or 'not set'}")
    print(f"downloaded to {vgg19.get_cache_folder()}: {vgg19.find_downloaded() or 'nothing'}")
    path = vgg19.find_weights(None)
    trained = vgg19.load_layers(path, 1)
    for layers in range(2, len(vgg19.LAYER_INDICES) + 1):
        try:
            trained = vgg19.load_layers(path, layers)
        except WeightsError:
            break
    size = path.stat().st_size / 1e6
    print(f"used by default: {path}, {len(trained.weights)} convolutions, {size:.1f} MB, SHA-256 {trained.sha256}")


@app.command()
def fetch(
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="FILE|URL",
            help="File (.safetensors or .pth) or URL (.safetensors) to read (default: from the Hugging Face Hub).",
            show_default=False,
        ),
    ] = None,
    layers: Annotated[
        int,
        typer.Option(metavar="N", help="Number of convolutions: presets need 5, the trained metrics 8."),
    ] = 5,
    cache: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Folder for the weights (default: the user's cache).", show_default=False),
    ] = None,
) -> None:
    """Download and verify the first layers of VGG-19, a few MB of a large file."""
    from barestyle.networks.download import download_layers

    download = download_layers(source, layers=layers, cache=cache)
    print(f"{download.path}  {layers} convolutions, {download.bytes_read / 1e6:.1f} MB read")
    verified = "verified" if download.is_verified else "recorded to verify later downloads"
    print(f"SHA-256 {download.digest}, {verified}")
