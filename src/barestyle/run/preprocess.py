"""From a plan to what a minimizer takes: images in the colors to paint in, regions, and trained layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from barestyle.errors import ImageError
from barestyle.images import Picture, color_transfer, shrink
from barestyle.losses import Region, StyleImage
from barestyle.networks import normalize_image, vgg19
from barestyle.run.inputs import Style, alpha_mask, complete_masks
from barestyle.run.plan import Plan
from barestyle.run.scaled_inputs import ScaledInputs
from barestyle.spec import VGG, LuminanceColors, MatchedColors, NoiseStart, Spec

RESCALE_SIDE = 512
"""Long side in pixels at which the mean activations of trained layers are measured."""

MIN_UNPROTECTED = 1e-3
"""Least share of a style's region that must not be protected."""


def prepare_inputs(plan: Plan) -> ScaledInputs:
    """Return a plan's images in the colors to paint in, and its masks, on its device.

    Raises ImageError if the protected pixels leave nothing for a style.
    """
    # 1. Change the colors, on the CPU.
    content, start = plan.content.pixels, None if plan.start is None else plan.start.pixels
    if paints_gray(plan.spec):
        content, start = color_transfer.to_gray(content), None if start is None else color_transfer.to_gray(start)
    regions = [
        replace(region, styles=tuple(_recolor(style, plan) for style in region.styles))
        for region in group_regions(plan.styles, plan.keep)
    ]
    # 2. Move everything to the device.
    content = content.to(plan.device)
    is_noise = isinstance(plan.spec.start, NoiseStart)
    base = None if is_noise else content if start is None else start.to(plan.device)
    keep = None if plan.keep is None else plan.keep.pixels.to(plan.device)
    regions = [region.to(plan.device) for region in regions]
    return ScaledInputs(content, tuple(regions), base, keep, plan.content.shard)


def build_initial_image(inputs: ScaledInputs, *, seed: int, noise: float) -> Tensor:
    """Return the first image, (1, 3, h, w): the base with a share of uniform noise, or noise only without a base."""
    if inputs.base is None:
        return draw_noise(inputs, seed)
    return inputs.base.lerp(draw_noise(inputs, seed), noise) if noise else inputs.base


def draw_noise(inputs: ScaledInputs, seed: int) -> Tensor:
    """Return uniform noise in 0..1 of the inputs' size; of a split image, this process's rows of the same noise."""
    generator = torch.Generator().manual_seed(seed)
    shard = inputs.rows
    if not shard.is_split:
        return torch.rand(inputs.content.shape, generator=generator).to(inputs.content)
    width = inputs.size.width
    planes = []
    for _ in range(3):
        # Other processes' rows are drawn, too, so that this one's are those of the whole image.
        rows = [torch.rand(width, generator=generator) for _ in range(shard.height)][shard.top : shard.bottom]
        planes.append(torch.stack(rows))
    return torch.stack(planes)[None].to(inputs.content)


def rescale_trained_layers(plan: Plan) -> vgg19.TrainedLayers | None:
    """Return the plan's trained layers, rescaled over its own pictures if the spec or the layers' size asks for it.

    Deviation: the paper uses torchvision's weights unchanged; so does this with them, but not with Oxford's. Pictures
    are shrunk to RESCALE_SIDE, at which the factors are nearly the same.
    """
    if plan.trained is None or not isinstance(plan.spec.network, VGG):
        return None
    pictures = [plan.content, *(style.picture for style in plan.styles)]
    images = [normalize_image(shrink(picture.pixels, RESCALE_SIDE, picture.shard)) for picture in pictures]
    rescale = plan.spec.network.rescale
    if rescale is True or (rescale == "auto" and vgg19.is_far_from_unit_scale(plan.trained, images)):
        return vgg19.rescale_layers(plan.trained, images)
    return plan.trained


def group_regions(styles: Sequence[Style], keep: Picture | None) -> list[Region]:
    """Return a region for each mask; styles with the same mask are pooled by their weights.

    Between regions the weights scale each style loss; equal weights change nothing. Raises ImageError if the mask
    `keep` leaves nothing for a style.
    """
    groups: dict[object, list[int]] = {}
    for number, style in enumerate(styles):
        groups.setdefault(None if style.mask is None else style.mask.mask_key, []).append(number)
    masks = complete_masks(styles)
    mean = sum(style.weight for style in styles) / len(styles)
    regions = []
    for members in groups.values():
        total = sum(styles[number].weight for number in members)
        images = [
            StyleImage(
                styles[number].picture.pixels,
                styles[number].picture.alpha,
                styles[number].weight / total,
                styles[number].picture.shard,
            )
            for number in members
        ]
        weight = total / len(members) / mean
        mask = exclude_protected(masks[members[0]], keep, styles[members[0]])
        regions.append(Region(tuple(images), mask, weight))
    return regions


def exclude_protected(mask: Tensor | None, keep: Picture | None, style: Style) -> Tensor | None:
    """Return a region's mask without the protected pixels. Raises ImageError if almost nothing is left."""
    if keep is None:
        return mask
    unprotected = 1 - keep.pixels
    left = unprotected if mask is None else mask * unprotected
    before = torch.ones_like(left) if mask is None else mask
    areas = torch.stack((left.sum(dtype=torch.float64), before.sum(dtype=torch.float64)))
    left_area, area = keep.group.sum(areas).tolist()
    if left_area < MIN_UNPROTECTED * area:
        raise ImageError(
            f"the protected pixels leave no area for the style {style.picture.name}; make one of the masks smaller"
        )
    return left


def paints_gray(spec: Spec) -> bool:
    """Return whether the optimization is of gray images."""
    return isinstance(spec.colors, LuminanceColors) and spec.colors.when == "before"


def _recolor(style: StyleImage, plan: Plan) -> StyleImage:
    """Return a style in the colors to paint in."""
    colors, content, content_mask = plan.spec.colors, plan.content.pixels, alpha_mask(plan.content)
    if paints_gray(plan.spec):
        return replace(style, pixels=color_transfer.match_luminance(style.pixels, content, style.mask, content_mask))
    if isinstance(colors, MatchedColors) and colors.when == "before":
        pixels = color_transfer.match_colors(
            style.pixels,
            content,
            method=colors.method,
            space=colors.space,
            mask=style.mask,
            reference_mask=content_mask,
        )
        return replace(style, pixels=pixels)
    return style
