"""Everything but the content that goes into a run: styles with weights and masks, the keep mask, the start picture.

Anything wrong with them is refused here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import torch
from torch import Tensor

from barestyle.distributed import ALONE, ProcessGroup
from barestyle.errors import ImageError, SpecError
from barestyle.images import ColorMask, LabelMaps, MaskSource, Picture, Source, read_split
from barestyle.images.color_transfer import luminance
from barestyle.limits import MAX_PIXELS
from barestyle.run.style_start import is_style_file, paint_start
from barestyle.spec.validation import MAX_NUMBER

MAX_WEIGHT_RATIO = 1e12
"""Largest ratio of two styles' weights; beyond it one style's moments are rounded away."""

ASPECT_TOLERANCE = 0.02
"""Largest relative difference between the proportions of a mask or a start and the content's: small copies round."""

GRAY_TOLERANCE = 16 / 255
"""Largest difference of two channels in a mask: JPEG files of gray pictures may be slightly tinted."""


@dataclass(frozen=True)
class Style:
    """A style picture, its weight relative to the other styles, and where in the content it applies.

    `mask` is None for the whole picture, or for what the other styles' masks leave.
    """

    picture: Picture
    weight: float = 1.0
    mask: Picture | None = None


def read_styles(
    style: Source | Sequence[Source],
    *,
    weights: Sequence[float] | None,
    masks: Sequence[MaskSource | None] | None,
    content: Picture,
    max_pixels: int,
) -> tuple[Style, ...]:
    """Read one or several styles with their weights and masks.

    Raises SpecError if weights or masks do not match the styles, ImageError for a bad picture or mask.
    """
    sources: list[Source] = [*style] if isinstance(style, list | tuple) else [cast(Source, style)]
    if not sources:
        raise SpecError("there is no style; give at least one image")
    checked_weights = check_weights(weights, len(sources))
    mask_pictures = read_masks(masks, len(sources), content, max_pixels)
    pictures = [read_style(source, max_pixels=max_pixels, group=content.group) for source in sources]
    return tuple(Style(*parts) for parts in zip(pictures, checked_weights, mask_pictures, strict=True))


def read_style(source: Source, *, max_pixels: int = MAX_PIXELS, group: ProcessGroup = ALONE) -> Picture:
    """Read a style picture; its transparent pixels do not count. Raises ImageError if all are transparent."""
    picture = read_split(source, group, max_pixels=max_pixels)
    if picture.alpha is not None and not group.largest(float(picture.alpha.max())):
        raise ImageError(f"{picture.name} is completely transparent; use an image with visible pixels")
    return picture


def check_weights(weights: Sequence[float] | None, styles: int) -> list[float]:
    """Return a positive weight for each style, 1 by default. Raises SpecError."""
    if weights is None:
        return [1.0] * styles
    if styles == 1:
        raise SpecError("weights have no effect with a single style; leave them out")
    if len(weights) != styles:
        raise SpecError(f"{styles} styles need {styles} weights, not {len(weights)}; give one for each style")
    for weight in weights:
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight <= MAX_NUMBER:
            raise SpecError(
                f"a style's weight cannot be {weight!r}; it must be a number greater than 0 and at most {MAX_NUMBER:g}"
            )
    largest = max(weights)
    if largest / min(weights) > MAX_WEIGHT_RATIO:
        raise SpecError(
            f"the weights {min(weights):g} and {largest:g} differ by more than a factor of {MAX_WEIGHT_RATIO:g}; "
            "leave out the style with the smaller one"
        )
    return [float(weight) for weight in weights]


def read_masks(
    masks: Sequence[MaskSource | None] | None, styles: int, content: Picture, max_pixels: int
) -> list[Picture | None]:
    """Read a mask, or None, for each style. Raises SpecError if a style has nothing left, ImageError."""
    if masks is None:
        return [None] * styles
    if len(masks) != styles:
        raise SpecError(
            f"masks must have one entry for each style, {styles} in all, not {len(masks)}; "
            "use None for a style without a mask"
        )
    maps = LabelMaps(content.group, max_pixels)
    pictures = [None if mask is None else read_mask(mask, content, max_pixels, maps) for mask in masks]
    if None in pictures and any(pictures):
        left = 1 - torch.stack([mask.pixels for mask in pictures if mask is not None]).sum(0)
        if not content.group.largest(float(left.max())) > 1 / 255:
            raise SpecError(
                f"style {pictures.index(None) + 1} has no mask, and the masks of the other styles leave no area "
                "for it; give it a mask, or leave it out"
            )
    return pictures


def read_mask(source: MaskSource, content: Picture, max_pixels: int, maps: LabelMaps) -> Picture:
    """Read a mask at the content's size: its `pixels` are (1, 1, H, W) luminance; transparent pixels count as black.

    Raises ImageError if it has other proportions than the content, is in color, or is black.
    """
    if isinstance(source, ColorMask):
        mask = maps.read(source)
    else:
        mask = read_split(source, content.group, max_pixels=max_pixels)
        check_gray(mask)
    values = luminance(mask.pixels)
    if mask.alpha is not None:
        values = values - (1 - mask.alpha)  # transparent pixels were blended with white
    check_proportions(mask, content, "a mask")
    mask = replace(mask, pixels=values.clamp(0, 1), alpha=None).resize(content.height, content.width)
    values = mask.pixels
    if content.group.largest(float(values.max())) < 1 / 255:
        raise ImageError(f"{mask.name} is completely black; make it white, or gray, where it should apply")
    # Rounded to 16 bits, so that resizing leaves white at exactly 1 and black at exactly 0.
    return replace(mask, pixels=(values * 65535).round() / 65535)


def check_gray(mask: Picture) -> None:
    """Raise ImageError if a mask is in color, which has no meaning as a degree."""
    spread = mask.pixels.amax(1) - mask.pixels.amin(1)
    if mask.group.largest(float(spread.max())) > GRAY_TOLERANCE:
        raise ImageError(
            f"{mask.name} is in color, and a mask must be gray; make it white where it should apply, or name a color "
            "of it, as in --mask map.png:#ff0000=painting.jpg or --keep map.png:#ff0000 (ColorMask in Python)"
        )


def read_keep(source: MaskSource, content: Picture, max_pixels: int) -> Picture:
    """Read the mask of protected pixels. Raises ImageError, also if it protects everything."""
    mask = read_mask(source, content, max_pixels, LabelMaps(content.group, max_pixels))
    if -content.group.largest(-float(mask.pixels.min())) > 254 / 255:
        raise ImageError(
            f"{mask.name} is completely white, which would protect all of the content; leave some of it black"
        )
    return mask


def read_start(source: Source, content: Picture, max_pixels: int) -> Picture:
    """Return the start picture at the content's size, which a trained style paints.

    Raises ImageError if it has other proportions, and what `paint_start` raises.
    """
    if is_style_file(source):
        return paint_start(Path(cast(str, source)), content)
    picture = read_split(source, content.group, max_pixels=max_pixels)
    check_proportions(picture, content, "a start")
    return picture.resize(content.height, content.width)


def check_proportions(picture: Picture, content: Picture, what: str) -> None:
    """Raise ImageError if a picture would have to be distorted to cover the content."""
    ratio = picture.width * content.height / (picture.height * content.width)
    slack = max(ASPECT_TOLERANCE, 1 / min(picture.height, picture.width))
    if not 1 / (1 + slack) <= ratio <= 1 + slack:
        raise ImageError(
            f"{picture.name} has {picture.width} x {picture.height} pixels, but {what} must have the content's "
            f"proportions, here {content.width} x {content.height}; crop or resize it"
        )


def complete_masks(styles: Sequence[Style]) -> list[Tensor | None]:
    """Return each style's mask, (1, 1, H, W).

    A style without a mask gets what the others leave, or None if no style has a mask.
    """
    given = [None if style.mask is None else style.mask.pixels for style in styles]
    masks = [mask for mask in given if mask is not None]
    if not masks:
        return list(given)
    rest = (1 - torch.stack(masks).sum(0)).clamp(0, 1)
    return [rest if mask is None else mask for mask in given]


def alpha_mask(content: Picture) -> Tensor | None:
    """Return the mask of the content's pixels whose colors count, (1, 1, H, W): not the transparent ones.

    None if all count, also if the whole picture is transparent.
    """
    alpha = content.alpha
    return alpha if alpha is not None and content.group.largest(float(alpha.max())) else None
