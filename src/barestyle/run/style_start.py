"""A trained style as the start of a run: the content, painted by it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from barestyle.errors import SpecError
from barestyle.feed_forward import EXTENSION, StylePainter, load_style
from barestyle.images import Picture, Source

TILE_PIXELS = 300_000
"""Pixels of a tile, about 200 MB: the same however much memory is free, as tiles change the last bits."""


def is_style_file(source: Source | None) -> bool:
    """Return whether a source is the path of a trained style."""
    return isinstance(source, str | Path) and Path(source).suffix.lower() == EXTENSION


def paint_start(path: Path, content: Picture) -> Picture:
    """Return the content as the first style of a file paints it; the hash and the path are those of the file.

    PyTorch paints, so that the result does not depend on what else is installed. Raises StyleFileError, SpecError,
    ImageError, DeviceError.
    """
    if content.group.size > 1:
        raise SpecError(
            f"{str(path)!r} needs the whole picture in one process; paint it with `barestyle apply` first, and start "
            "from the result, or start a single process"
        )
    style = load_style(path)
    painter = StylePainter(style, engine="torch", tile_pixels=TILE_PIXELS)
    return Picture(
        pixels=painter.paint(content.pixels),
        alpha=None,
        bits=content.bits,
        name=repr(str(path)),
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        path=path,
    )
