"""From a plan's pictures to what a search takes, and from what it found to the picture that is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from barestyle.errors import ImageError
from barestyle.images import color_transfer as color
from barestyle.losses import Region, StyleImage
from barestyle.run.inputs import Style, region_masks
from barestyle.run.plan import Plan
from barestyle.run.scaled_inputs import ScaledInputs
from barestyle.spec import LuminanceColors, MatchedColors, NoiseStart, Spec

MIN_UNPROTECTED = 1e-3
"""Share of a region that has to be left of it by what is protected."""


def pictures(plan: Plan) -> ScaledInputs:
    """What goes into the plan's search, with its colors as they are to be searched with, on its device.

    Raises ImageError where what is protected leaves nothing to a style.
    """
    content, start = plan.content.pixels, None if plan.start is None else plan.start.pixels
    if _is_gray(plan.spec):
        content, start = color.gray(content), None if start is None else color.gray(start)
    regions = regions_of(plan.styles, None if plan.keep is None else plan.keep.pixels)
    regions = [replace(one, styles=tuple(_colored(sample, plan) for sample in one.styles)) for one in regions]
    content = content.to(plan.device)
    base = content if start is None else start.to(plan.device)
    keep = None if plan.keep is None else plan.keep.pixels.to(plan.device)
    moved = tuple(_moved(one, plan.device) for one in regions)
    return ScaledInputs(content, moved, None if isinstance(plan.spec.start, NoiseStart) else base, keep)


def start(at: ScaledInputs, *, seed: int, share: float) -> Tensor:
    """Where a search begins, (1, 3, h, w): at the base with a share of noise, or at noise alone."""
    generator = torch.Generator().manual_seed(seed)
    if at.base is None:
        return torch.rand(at.content.shape, generator=generator).to(at.content)
    if not share:
        return at.base
    return at.base.lerp(torch.rand(at.base.shape, generator=generator).to(at.base), share)


def finished(plan: Plan, image: Tensor) -> Tensor:
    """The picture to show, (1, 3, H, W) in 0..1 on the CPU, from the one that was searched for."""
    content, colors = plan.content.pixels, plan.spec.colors
    if isinstance(colors, LuminanceColors):
        image = color.with_luminance(content, color.luminance(image))
    elif isinstance(colors, MatchedColors) and colors.when == "after":
        shown = _shown(plan)
        image = color.matched(
            image, content, method=colors.method, space=colors.space, mask=shown, reference_mask=shown
        )
    else:
        return image
    return image if plan.keep is None else image.lerp(content, plan.keep.pixels)


def regions_of(styles: Sequence[Style], keep: Tensor | None) -> list[Region]:
    """Styles as regions: those under the same mask are pooled, by their weights.

    Between regions weights say how much each style loss counts; equal ones change nothing. Raises ImageError where
    `keep`, (1, 1, H, W), leaves nothing to a style.
    """
    groups: dict[str | None, list[int]] = {}
    for number, style in enumerate(styles):
        groups.setdefault(None if style.mask is None else style.mask.sha256, []).append(number)
    masks = region_masks(styles)
    mean = sum(style.weight for style in styles) / len(styles)
    found = []
    for members in groups.values():
        total = sum(styles[number].weight for number in members)
        samples = [
            StyleImage(styles[number].picture.pixels, styles[number].picture.alpha, styles[number].weight / total)
            for number in members
        ]
        weight = total / len(members) / mean
        found.append(Region(tuple(samples), _within(masks[members[0]], keep, styles[members[0]]), weight))
    return found


def _within(mask: Tensor | None, keep: Tensor | None, style: Style) -> Tensor | None:
    """A region's mask without what is protected."""
    if keep is None:
        return mask
    left = 1 - keep if mask is None else mask * (1 - keep)
    if float(left.mean()) < MIN_UNPROTECTED * (1.0 if mask is None else float(mask.mean())):
        raise ImageError(
            f"what is protected leaves nothing of the picture to the style {style.picture.name}; "
            "make one of the masks smaller"
        )
    return left


def _is_gray(spec: Spec) -> bool:
    return isinstance(spec.colors, LuminanceColors) and spec.colors.when == "before"


def _colored(sample: StyleImage, plan: Plan) -> StyleImage:
    """A style in the colors that are painted with."""
    colors, content, shown = plan.spec.colors, plan.content.pixels, _shown(plan)
    if _is_gray(plan.spec):
        return replace(sample, pixels=color.luminance_matched(sample.pixels, content, sample.mask, shown))
    if isinstance(colors, MatchedColors) and colors.when == "before":
        return replace(
            sample,
            pixels=color.matched(
                sample.pixels,
                content,
                method=colors.method,
                space=colors.space,
                mask=sample.mask,
                reference_mask=shown,
            ),
        )
    return sample


def _shown(plan: Plan) -> Tensor | None:
    """What of the content's colors counts: not those of transparent parts, unless all of it is transparent."""
    alpha = plan.content.alpha
    return alpha if alpha is not None and bool(alpha.any()) else None


def _moved(region: Region, device: torch.device) -> Region:
    samples = tuple(
        replace(one, pixels=one.pixels.to(device), mask=None if one.mask is None else one.mask.to(device))
        for one in region.styles
    )
    return replace(region, styles=samples, mask=None if region.mask is None else region.mask.to(device))
