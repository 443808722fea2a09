"""Styles with their weights and masks, as given on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from barestyle.cli.mask_arguments import MaskArgument, parse_mask
from barestyle.cli.style_images import locate_style_image
from barestyle.errors import SpecError

if TYPE_CHECKING:
    from barestyle.images import ColorMask


@dataclass(frozen=True)
class StyleArguments:
    """The styles of a run.

    Attributes:
        styles: image files, at least one.
        weights: one number for each style, or None for equal weights.
        masks: a mask, or None, for each style; None if there are no masks.
    """

    styles: list[Path]
    weights: list[float] | None
    masks: list[MaskArgument | None] | None

    @property
    def mask_files(self) -> list[Path]:
        """The files of the masks."""
        return [mask.path for mask in self.masks or [] if mask is not None]

    @property
    def mask_sources(self) -> list[Path | ColorMask | None] | None:
        """The masks for `transfer`."""
        return None if self.masks is None else [None if mask is None else mask.to_source() for mask in self.masks]


def parse_style_arguments(styles: list[Path], weights: str | None, masks: list[str] | None) -> StyleArguments:
    """Return the styles of `STYLE...`, `--weights W,W...`, and `--mask MASK:STYLE` or `--mask MAP:COLOR=STYLE,...`.

    A style that only a mask names is added to the others. Raise SpecError if there is no style, if a weight is not a
    number, or if a style has two masks, and ImageError for a word that is neither a file nor an installed style.
    """
    pairs = [(mask, locate_style_image(style)) for text in masks or [] for mask, style in parse_mask(text)]
    styles = [locate_style_image(style) for style in styles]
    styles = [*styles, *dict.fromkeys(style for _, style in pairs if style not in styles)]
    if not styles:
        raise SpecError("no style is given; give an image after the content, or --mask MASK:STYLE")
    mask_of: dict[Path, MaskArgument] = {}
    for mask, style in pairs:
        mask_of[style] = _combine(mask_of[style], mask, style) if style in mask_of else mask
    return StyleArguments(
        styles,
        None if weights is None else parse_weights(weights),
        [mask_of.get(style) for style in styles] if pairs else None,
    )


def _combine(first: MaskArgument, second: MaskArgument, style: Path) -> MaskArgument:
    """Return the mask with the colors of two masks of one map. Raise SpecError if they are not of one map."""
    if first.path != second.path or not first.colors or not second.colors:
        raise SpecError(f"the style {str(style)!r} has two masks; combine them into one image")
    return MaskArgument(first.path, tuple(dict.fromkeys(first.colors + second.colors)))


def parse_weights(text: str) -> list[float]:
    """Return the numbers of '2,1'. Raise SpecError for anything else."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise SpecError(
            f"--weights must be one number for each style, separated by commas, such as 2,1, not {text!r}"
        ) from None
