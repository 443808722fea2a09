"""The trained style that a command names, and how its styles are mixed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from barestyle import samples
from barestyle.cli.style_images import is_installed_name
from barestyle.errors import SpecError


def locate_style(text: str) -> Path:
    """Return the file of a trained style: a path, or the name of one that is installed. Raises StyleFileError."""
    return samples.trained_style(text) if is_installed_name(text) else Path(text)


def locate_start(text: str) -> str:
    """Return a value of --start, with the name of an installed style replaced by its file. Raises SpecError.

    A file of the same name has precedence.
    """
    from barestyle.cli.spec_builder import STARTS

    names = samples.list_trained_styles()
    if text in STARTS or not is_installed_name(text):
        return text
    if text not in names:
        raise SpecError(f"--start cannot be {text!r}; it must be {', '.join((*STARTS, *names))}, or a file")
    return str(samples.trained_style(text))


def parse_mix(texts: Sequence[str] | None) -> dict[str, float] | None:
    """Return the weights of styles by name, of NAME=WEIGHT or NAME, which stands for a weight of 1.

    The texts may be lists with commas. None for no texts. Raises SpecError.
    """
    if not texts:
        return None
    weights: dict[str, float] = {}
    for part in (part for text in texts for part in text.split(",")):
        name, _, number = part.rpartition("=") if "=" in part else (part, "", "1")
        try:
            weight = float(number)
        except ValueError:
            raise SpecError(f"--style {part!r} has no number after the =; write it like --style NAME=2") from None
        if not name:
            raise SpecError(f"--style {part!r} has no name; write it like --style NAME=2")
        if name in weights:
            raise SpecError(f"--style {name!r} is given twice; give it once")
        weights[name] = weight
    return weights
