"""What goes into a run beside the content: styles with their weights and masks, what is protected, where it begins.

Everything that can be wrong with them is refused here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor

from barestyle.errors import ImageError, SpecError
from barestyle.images import Picture, Source, read
from barestyle.images.color_transfer import luminance
from barestyle.spec import MAX_PIXELS
from barestyle.spec.validation import LARGEST

MAX_WEIGHT_RATIO = 1e12
"""Beyond this one style's moments are rounded away beside another's."""

ASPECT_TOLERANCE = 0.02
"""By how much a mask's or a start's proportions may differ from the content's: the rounding of small copies."""


@dataclass(frozen=True)
class Style:
    """A style's picture, its weight beside those of the others, and where in the content it is asked for.

    `mask` is None for everywhere, or for all that the other styles' masks leave.
    """

    picture: Picture
    weight: float = 1.0
    mask: Picture | None = None


def read_styles(
    style: Source | Sequence[Source],
    *,
    weights: Sequence[float] | None,
    masks: Sequence[Source | None] | None,
    content: Picture,
    max_pixels: int,
) -> tuple[Style, ...]:
    """Styles with their weights and masks.

    Raises SpecError for weights that fit no styles, ImageError for what is no picture or no mask.
    """
    sources: list[Source] = [*style] if isinstance(style, list | tuple) else [cast(Source, style)]
    if not sources:
        raise SpecError("there is no style; give at least one picture")
    checked = _weights(weights, len(sources))
    regions = _masks(masks, len(sources), content, max_pixels)
    pictures = [read_style(source, max_pixels=max_pixels) for source in sources]
    return tuple(Style(*one) for one in zip(pictures, checked, regions, strict=True))


def read_style(source: Source, *, max_pixels: int = MAX_PIXELS) -> Picture:
    """A style's picture; its alpha says what of it counts. Raises ImageError where that is nothing."""
    picture = read(source, max_pixels=max_pixels)
    if picture.alpha is not None and not bool(picture.alpha.any()):
        raise ImageError(f"{picture.name} is wholly transparent; give one that shows something")
    return picture


def _weights(weights: Sequence[float] | None, styles: int) -> list[float]:
    if weights is None:
        return [1.0] * styles
    if styles == 1:
        raise SpecError(f"a weight of {weights[0] if weights else None!r} means nothing for one style; leave it out")
    if len(weights) != styles:
        raise SpecError(f"there are {len(weights)} weights for {styles} styles; give one for each style")
    for weight in weights:
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight <= LARGEST:
            raise SpecError(
                f"a style's weight cannot be {weight!r}; it takes a number greater than 0, at most {LARGEST:g}"
            )
    largest = max(weights)
    if largest / min(weights) > MAX_WEIGHT_RATIO:
        raise SpecError(
            f"the weights {min(weights):g} and {largest:g} are more than {MAX_WEIGHT_RATIO:g} times apart; leave the "
            "style of the smaller one out"
        )
    return [float(weight) for weight in weights]


def _masks(
    masks: Sequence[Source | None] | None, styles: int, content: Picture, max_pixels: int
) -> list[Picture | None]:
    if masks is None:
        return [None] * styles
    if len(masks) != styles:
        raise SpecError(f"there are {len(masks)} masks for {styles} styles; give one, or None, for each style")
    found = [None if mask is None else read_mask(mask, content, max_pixels) for mask in masks]
    if None in found and any(found):
        left = 1 - torch.stack([mask.pixels for mask in found if mask is not None]).sum(0)
        if not bool((left > 1 / 255).any()):
            raise SpecError(
                f"style {found.index(None) + 1} has no mask, and those of the others leave nothing of the picture to "
                "it; give it a mask, or leave it out"
            )
    return found


def read_mask(source: Source, content: Picture, max_pixels: int) -> Picture:
    """A mask at the content's size: its lightness, (1, 1, H, W) in its `pixels`; what is transparent counts as black.

    Raises ImageError where it has other proportions than the content, or is black.
    """
    mask = read(source, max_pixels=max_pixels)
    shown = luminance(mask.pixels)
    if mask.alpha is not None:
        shown = shown - (1 - mask.alpha)  # it was laid over white
    check_proportions(mask, content, "a mask")
    shown = replace(mask, pixels=shown.clamp(0, 1), alpha=None).at(content.height, content.width).pixels
    if float(shown.max()) < 1 / 255:
        raise ImageError(f"{mask.name} is black all over; a mask is white, or gray, where it applies")
    # To 16 bits, so that white is 1 and black 0 whatever resizing made of them: what is kept is kept exactly.
    return replace(mask, pixels=(shown * 65535).round() / 65535, alpha=None)


def read_keep(source: Source, content: Picture, max_pixels: int) -> Picture:
    """The mask of what is protected. Raises ImageError, also where it protects everything."""
    mask = read_mask(source, content, max_pixels)
    if float(mask.pixels.min()) > 254 / 255:
        raise ImageError(
            f"{mask.name} is white all over, which would protect all of the content; leave some of it black"
        )
    return mask


def read_start(source: Source, content: Picture, max_pixels: int) -> Picture:
    """A picture to begin with, at the content's size. Raises ImageError where it has other proportions."""
    picture = read(source, max_pixels=max_pixels)
    check_proportions(picture, content, "a start")
    return picture.at(content.height, content.width)


def check_proportions(picture: Picture, content: Picture, what: str) -> None:
    """Refuse a picture that would have to be distorted to lie over the content. Raises ImageError."""
    ratio = picture.width * content.height / (picture.height * content.width)
    slack = max(ASPECT_TOLERANCE, 1 / min(picture.height, picture.width))
    if not 1 / (1 + slack) <= ratio <= 1 + slack:
        raise ImageError(
            f"{picture.name} has {picture.width} x {picture.height} pixels, {what} has the proportions of the content, "
            f"{content.width} x {content.height} here; crop it, or scale it"
        )


def region_masks(styles: Sequence[Style]) -> list[Tensor | None]:
    """Each style's own mask, (1, 1, H, W); for those without one what the others leave, or None where none has one."""
    given = [None if style.mask is None else style.mask.pixels for style in styles]
    known = [mask for mask in given if mask is not None]
    if not known:
        return list(given)
    rest = (1 - torch.stack(known).sum(0)).clamp(0, 1)
    return [rest if mask is None else mask for mask in given]
