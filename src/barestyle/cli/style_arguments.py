"""Styles, weights and masks as they are typed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from barestyle.cli.several import NUMBER
from barestyle.errors import SpecError


@dataclass(frozen=True)
class StyleArguments:
    """What belongs to the styles: their files, one weight each or none, one mask (or None) each or none."""

    styles: list[Path]
    weights: list[float] | None
    masks: list[Path | None] | None
    trained: Path | None


def typed(
    styles: list[Path], weights: list[str] | None, masks: list[str] | None, trained: Path | None
) -> StyleArguments:
    """What a line says about styles. Raises SpecError.

    A style that only a mask names joins the others. A file behind --weights is one of trained weights, which that
    option named before there were several styles.
    """
    pairs = [_mask(text) for text in masks or []]
    styles = [*styles, *dict.fromkeys(style for _, style in pairs if style not in styles)]
    if not styles:
        raise SpecError("no style is named; give at least one picture behind the content, or with --mask MASK:STYLE")
    numbers: list[float] = []
    for text in weights or []:
        if NUMBER.fullmatch(text):
            numbers.append(float(text))
        elif trained is None and weights is not None and len(weights) == 1:
            trained = Path(text)
        else:
            raise SpecError(f"a style's weight cannot be {text!r}; --weights takes one number for each style")
    by_style: dict[Path, Path] = {}
    for mask, style in pairs:
        if style in by_style:
            raise SpecError(f"the style {str(style)!r} is given two masks; paint both into one picture")
        by_style[style] = mask
    return StyleArguments(
        styles, numbers or None, [by_style.get(style) for style in styles] if pairs else None, trained
    )


def _mask(text: str) -> tuple[Path, Path]:
    """'sky.png:a.jpg' -> both paths; at the colon beside which there is a file on the left, if names have several."""
    places = [place for place, letter in enumerate(text) if letter == ":"]
    cuts = [(text[:place], text[place + 1 :]) for place in places if text[:place] and text[place + 1 :]]
    if not cuts:
        raise SpecError(f"--mask {text!r} names no mask and style; write MASK:STYLE, like sky.png:painting.jpg")
    mask, style = next((cut for cut in cuts if Path(cut[0]).is_file()), cuts[0])
    return Path(mask), Path(style)
