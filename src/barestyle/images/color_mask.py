"""Masks by color: the regions of a segmentation map, a picture whose colors name regions."""

from __future__ import annotations

import re
from dataclasses import dataclass

from barestyle.errors import SpecError
from barestyle.images.picture import Source

_HEX = re.compile(r"#[0-9a-f]{6}")
_SHORT_HEX = re.compile(r"#[0-9a-f]{3}")


@dataclass(frozen=True, init=False, eq=False)
class ColorMask:
    """The region of a segmentation map that has one of the given colors, as a mask for `transfer`.

        >>> from barestyle import ColorMask
        >>> ColorMask("map.png", "#f00", "navy").colors
        ('#ff0000', '#000080')

    A pixel belongs to the region if it has one of the colors. In JPEG and other lossy formats the colors may differ
    by 16 of 255 levels. Pixels at antialiased edges, whose colors are mixtures, belong to the nearest color of the map.
    Transparent pixels belong to no region.

    Attributes:
        source: the map, with the content's proportions; see `Source`.
        colors: the colors, as '#rrggbb'.

    Raises SpecError for a color that is not '#rrggbb', '#rgb' or a CSS color name.
    """

    source: Source
    colors: tuple[str, ...]

    def __init__(self, source: Source, *colors: str) -> None:
        if not colors:
            raise SpecError("a ColorMask needs at least one color; give one such as '#ff0000' after the map")
        object.__setattr__(self, "source", source)
        object.__setattr__(self, "colors", tuple(dict.fromkeys(map(parse_color, colors))))


MaskSource = Source | ColorMask
"""What a mask can be: a gray image, or the region of a color in a segmentation map."""


def parse_color(text: str) -> str:
    """Return '#rrggbb' for '#rrggbb', '#rgb' or a CSS color name, in lower case. Raises SpecError for other text."""
    from PIL.ImageColor import colormap

    lower = text.strip().lower() if isinstance(text, str) else ""
    named = colormap.get(lower, lower)
    color = named if isinstance(named, str) else "#{:02x}{:02x}{:02x}".format(*named[:3])  # Pillow may have parsed it
    if _SHORT_HEX.fullmatch(color):
        color = "#" + "".join(2 * digit for digit in color[1:])
    if not _HEX.fullmatch(color):
        raise SpecError(f"{text!r} is not a color; write #rrggbb, #rgb, or a CSS color name such as red")
    return color


def is_color(text: str) -> bool:
    """Return whether `parse_color` accepts a text."""
    try:
        parse_color(text)
    except SpecError:
        return False
    return True
