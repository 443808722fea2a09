"""The record inside a PNG file: text that tells how a picture was made."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, UnidentifiedImageError

from barestyle.images.decode import without_pillow_limit
from barestyle.images.encode_samples import record_key


def read_embedded(path: Path) -> str | None:
    """Return the record that `encode` put into a PNG file, or None; it comes before the pixels, which are not read."""
    try:
        with without_pillow_limit(), Image.open(path) as image:
            texts = image.info
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return None
    parts: list[str] = []
    while (part := texts.get(record_key(len(parts)))) is not None:
        parts.append(str(part))
    return "".join(parts) if parts else None
