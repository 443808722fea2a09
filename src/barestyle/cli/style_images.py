"""The image that a command takes a style from: a file, or a painting that comes with barestyle."""

from __future__ import annotations

from pathlib import Path

from barestyle import samples
from barestyle.cli.standard_streams import STANDARD_STREAM
from barestyle.errors import ImageError


def is_installed_name(text: str | Path) -> bool:
    """Return whether a text can only be meant as the name of an installed style: one word, and no such file."""
    path = Path(text)
    return path.name == str(text) and not path.suffix and path != STANDARD_STREAM and not path.exists()


def locate_style_image(path: Path) -> Path:
    """Return a path, or the file of an installed style if the path is its name, such as swirls.

    A file of the same name has precedence. Raises ImageError for an unknown name.
    """
    if not is_installed_name(path):
        return path
    if path.name not in samples.STYLES:
        *others, last = samples.STYLES
        raise ImageError(
            f"there is no file {path.name!r}, and no installed style of that name; check the path, or give "
            f"{', '.join(others)} or {last}"
        )
    return samples.style(path.name)
