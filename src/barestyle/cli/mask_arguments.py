"""Masks as given on the command line: gray images, and colors of segmentation maps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from barestyle.errors import SpecError

if TYPE_CHECKING:
    from barestyle.images import ColorMask

COLOR = r"(?:#[^=:,/]*|[A-Za-z]+)"
"""What may be a color: a number sign and what follows, or a name."""

EXAMPLE = "map.png:#ff0000=sky.jpg,#0000ff=sea.jpg"


@dataclass(frozen=True)
class MaskArgument:
    """A mask file, and the colors in it that are meant; none for a gray mask."""

    path: Path
    colors: tuple[str, ...] = ()

    def to_source(self) -> Path | ColorMask:
        """Return the mask for `transfer`. Raise SpecError for a color that does not exist."""
        if not self.colors:
            return self.path
        if self.path == Path("-"):
            raise SpecError(
                "colors of a map that comes from standard input cannot be selected; name the file of the map"
            )
        from barestyle.images import ColorMask  # with PyTorch

        return ColorMask(self.path, *self.colors)


def parse_mask(text: str) -> list[tuple[MaskArgument, Path]]:
    """Return masks and styles of 'sky.png:a.jpg' or 'map.png:#ff0000=a.jpg,#0000ff=b.jpg'.

    A name may contain colons, commas and equals signs: the text is split at the colon that follows an existing file,
    and at commas that precede a color and an equals sign. Raise SpecError if the text has neither form, or both.
    """
    map_colon = _find_map(text)
    if map_colon is None:
        mask, style = _split_mask(text)
        return [(MaskArgument(mask), style)]
    file, assignments = text[:map_colon], text[map_colon + 1 :]
    if _is_file(file) and _is_file(assignments):
        raise SpecError(
            f"--mask {text!r} can mean a color of the map {file!r} or the style {assignments!r}; write "
            f"{f'{file}:./{assignments}'!r} for the style, or rename it"
        )
    rest = assignments.split("=", 1)[1]
    parts = _split_assignments(assignments)
    if len(parts) > 1 and _is_file(rest):
        raise SpecError(f"--mask {text!r} can mean {len(parts)} colors or the style {rest!r}; rename that file")
    pairs = []
    for part in parts:
        color, style_name = part.split("=", 1)
        if not style_name:
            raise SpecError(f"--mask {text!r} has no style for the color {color}; write it like {EXAMPLE}")
        if "," in style_name and not _is_file(style_name):
            raise SpecError(
                f"--mask {text!r} has no color for {style_name.split(',', 1)[1]!r}; write it like {EXAMPLE}, "
                "with a color before each style"
            )
        pairs.append((MaskArgument(Path(file), (_parse_color(color),)), Path(style_name)))
    return pairs


def parse_keep(text: str) -> MaskArgument:
    """Return the mask of 'face.png', or of 'map.png:#ff0000,#0000ff'. Raise SpecError if the text can mean both."""
    match = re.fullmatch(rf"(.+):({COLOR}(?:,{COLOR})*)", text)
    file, colon, _ = text.rpartition(":")
    if match is None and colon and _is_file(file) and not _is_file(text):
        raise SpecError(f"--keep {text!r} has no colors that can be read; write it like map.png:#ff0000,blue")
    if match is None or (not _is_file(match[1]) and (_is_file(text) or not match[2].startswith("#"))):
        return MaskArgument(Path(text))
    if _is_file(text):
        raise SpecError(f"--keep {text!r} can mean that file or a color of the map {match[1]!r}; rename one of them")
    return MaskArgument(Path(match[1]), tuple(dict.fromkeys(map(_parse_color, match[2].split(",")))))


def _find_map(text: str) -> int | None:
    """Return the position of the colon before the first color, or None if the text has no colors of a map.

    Raise SpecError if several colons follow an existing file and precede a color.
    """
    colons = [
        match.start()
        for match in re.finditer(rf":(?=({COLOR})=)", text)
        if match.start() and (_is_color(match[1]) or not _is_file(text[match.end() :]))
    ]
    after_file = [colon for colon in colons if _is_file(text[:colon])]
    if len(after_file) > 1:
        names = " or ".join(repr(text[:colon]) for colon in after_file)
        raise SpecError(f"--mask {text!r} can mean the map {names}; rename one of them")
    if after_file:
        return after_file[0]
    # A colon after one letter may belong to a drive, as in C:red=a.jpg.
    return next((colon for colon in colons if colon > 1), None)


def _split_assignments(text: str) -> list[str]:
    """Return the parts of '#ff0000=a.jpg,#0000ff=b.jpg'; a comma in a name does not precede a color."""
    matches = re.finditer(rf",(?=({COLOR})=)", text)
    ends = [match.start() for match in matches if _is_color(match[1])]
    return [text[start:end] for start, end in zip([0, *(end + 1 for end in ends)], [*ends, len(text)], strict=True)]


def _split_mask(text: str) -> tuple[Path, Path]:
    """Return the mask and the style of 'sky.png:a.jpg', split at the colon that follows an existing file."""
    colons = [index for index, character in enumerate(text) if character == ":"]
    splits = [(text[:index], text[index + 1 :]) for index in colons if text[:index] and text[index + 1 :]]
    if not splits:
        raise SpecError(
            f"--mask must be MASK:STYLE, such as sky.png:painting.jpg, or MAP:COLOR=STYLE,..., not {text!r}"
        )
    mask, style = next((split for split in splits if _is_file(split[0])), splits[0])
    if _is_file(mask) and not _is_file(style) and re.match(r"#|[^/=]*=", style):
        raise SpecError(f"--mask {text!r} has no color and style that can be read; write it like {EXAMPLE}")
    return Path(mask), Path(style)


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):
        return False


def _is_color(text: str) -> bool:
    """Return whether a text is meant as a color: any after a number sign, and names that exist."""
    from barestyle.images.color_mask import is_color  # with PyTorch

    return text.startswith("#") or is_color(text)


def _parse_color(text: str) -> str:
    from barestyle.images.color_mask import parse_color

    return parse_color(text)
