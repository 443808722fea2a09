"""The image that a command takes a style from: a file, or a painting that comes with barestyle."""

from __future__ import annotations

from pathlib import Path

from barestyle import samples
from barestyle.cli.standard_streams import STANDARD_STREAM
from barestyle.errors import ImageError


def find_style_image(path: Path) -> Path:
    """Return a path, or the file of an installed style if the path is the name of one, such as swirls.

    A file of the same name has precedence. Raises ImageError if there is neither, and the path is a bare word.
    """
    is_word = path.name == str(path) and not path.suffix and path != STANDARD_STREAM
    if not is_word or path.exists():
        return path
    if path.name not in samples.STYLES:
        *others, last = samples.STYLES
        raise ImageError(
            f"there is no file {path.name!r}, and no installed style of that name; check the path, or give "
            f"{', '.join(others)} or {last}"
        )
    return samples.style(path.name)
