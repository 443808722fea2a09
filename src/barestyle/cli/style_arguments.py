"""Styles with their weights and masks, as given on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from barestyle.errors import SpecError


@dataclass(frozen=True)
class StyleArguments:
    """The styles of a run.

    Attributes:
        styles: image files, at least one.
        weights: one number for each style, or None for equal weights.
        masks: the file of a mask, or None, for each style; None if there are no masks.
    """

    styles: list[Path]
    weights: list[float] | None
    masks: list[Path | None] | None


def parse_style_arguments(styles: list[Path], weights: str | None, masks: list[str] | None) -> StyleArguments:
    """Return the styles of `STYLE...`, `--weights W,W...` and `--mask MASK:STYLE`, repeated.

    A style that only a mask names is added to the others. Raise SpecError if there is no style, if a weight is not a
    number, or if a style has two masks.
    """
    pairs = [parse_mask(text) for text in masks or []]
    styles = [*styles, *dict.fromkeys(style for _, style in pairs if style not in styles)]
    if not styles:
        raise SpecError("no style is given; give an image after the content, or --mask MASK:STYLE")
    mask_of: dict[Path, Path] = {}
    for mask, style in pairs:
        if style in mask_of:
            raise SpecError(f"the style {str(style)!r} has two masks; combine them into one image")
        mask_of[style] = mask
    return StyleArguments(
        styles,
        None if weights is None else parse_weights(weights),
        [mask_of.get(style) for style in styles] if pairs else None,
    )


def parse_weights(text: str) -> list[float]:
    """Return the numbers of '2,1'. Raise SpecError for anything else."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise SpecError(
            f"--weights must be one number for each style, separated by commas, such as 2,1, not {text!r}"
        ) from None


def parse_mask(text: str) -> tuple[Path, Path]:
    """Return the mask and the style of 'sky.png:a.jpg'. Raise SpecError if there is no colon between two names.

    If a name has a colon in it, the text is split where the left part is an existing file.
    """
    colons = [index for index, character in enumerate(text) if character == ":"]
    splits = [(text[:index], text[index + 1 :]) for index in colons if text[:index] and text[index + 1 :]]
    if not splits:
        raise SpecError(f"--mask must be MASK:STYLE, such as sky.png:painting.jpg, not {text!r}")
    mask, style = next((split for split in splits if Path(split[0]).is_file()), splits[0])
    return Path(mask), Path(style)
