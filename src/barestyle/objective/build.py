"""From a spec, a network and images to an objective."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor

from barestyle.distributed import RowShard
from barestyle.losses.color_bound import COLOR_BOUND_WEIGHT, ColorBoundTerm
from barestyle.losses.luminance_content import LuminanceContentTerm, compute_tradeoff
from barestyle.losses.missing_colors import find_missing_colors
from barestyle.losses.regions import Region, StyleImage
from barestyle.losses.structure_guide import GuideMaps, build_guide_maps
from barestyle.losses.temporal import TemporalTerm
from barestyle.networks import Network, Size
from barestyle.objective.moment_pass import add_over_processes
from barestyle.objective.objective import Objective
from barestyle.objective.plane_parts import split_planes
from barestyle.objective.region_guides import RegionGuides
from barestyle.objective.region_masks import RegionMasks
from barestyle.objective.style_moments import StyleMoments, compute_region_moments
from barestyle.objective.style_targets import GuideTarget, MomentLoss, build_region_losses
from barestyle.objective.tile_policy import Tiling
from barestyle.spec import (
    FeatureContentLoss,
    LuminanceContentLoss,
    NoiseStart,
    Spec,
    StructureGuide,
    TotalVariation,
    WhitenedLoss,
)

WEAKEST_GUIDE = 0.35
"""Factor of the guide's weight at strength 1: without any guide, the search takes more steps to reach the style."""

STRONGEST_GUIDE = 2.0
"""Largest factor of the weights of the guide and of the bound on colors; at lower strengths the content loss preserves
the content by itself."""

GUIDE_EXPONENT = 0.75
"""Exponent of (1 - strength) / strength in that factor, with which results change evenly with the strength."""


def build_objective(
    spec: Spec,
    network: Network,
    content: Tensor,
    style: Tensor | Sequence[Region],
    *,
    tiling: Tiling | None = None,
    guides: Sequence[GuideMaps] | None = None,
    style_moments: Sequence[dict[int, StyleMoments]] | None = None,
    temporal: TemporalTerm | None = None,
    shard: RowShard | None = None,
) -> Objective:
    """Return the objective of a spec for images of the content's size.

    `content` is (1, 3, H, W) in 0..1 on the network's device, and so is `style`, of any size; for several styles or
    masks, `style` is a list of regions. The styles' statistics are computed in the network's precision: those of
    another precision would be another target. `guides` are those of `build_region_guide_maps`, and `style_moments`
    those of `build_style_moments`, if they exist already. `temporal` is added to the losses of the spec.
    With `shard`, content and masks are the rows that this process has, and styles may have a shard of their own.
    """
    tiling = tiling or Tiling()
    # A style larger than the content is tiled as if it were the content, for whose size the memory was planned.
    tile_size = tiling.tile_size or Size(*content.shape[-2:])
    regions = (Region((StyleImage(style),)),) if isinstance(style, Tensor) else tuple(style)
    shard = shard or RowShard.split(content.shape[-2])
    guides = build_region_guide_maps(spec, content, regions, shard) if guides is None else guides
    losses = _build_all_region_losses(spec, network, content, regions, guides, style_moments, tile_size, shard)
    content_loss = spec.content_loss if isinstance(spec.content_loss, FeatureContentLoss) else None
    luminance_content = None
    if isinstance(spec.content_loss, LuminanceContentLoss):
        luminance_content = LuminanceContentTerm(content.detach(), spec.content_loss, shard)
    return Objective(
        network,
        {tap: tuple(by_tap[tap] for by_tap in losses) for tap in sorted(set(spec.style_loss.layers))},
        masks=tuple(region.mask for region in regions),
        guides=None if guides is None else [maps.content for maps in guides],
        content_loss=content_loss,
        content=None if content_loss is None else content.detach(),
        luminance_content=luminance_content,
        color_bounds=_build_color_bounds(spec, content, regions, guides, shard),
        missing_colors=find_missing_colors(regions, shard.height) if isinstance(spec.style_loss, WhitenedLoss) else (),
        smoothness=spec.smoothness if isinstance(spec.smoothness, TotalVariation) else None,
        temporal=temporal,
        tiling=tiling,
        shard=shard,
    )


def build_region_guide_maps(
    spec: Spec, content: Tensor, regions: Sequence[Region], shard: RowShard | None = None
) -> list[GuideMaps] | None:
    """Return the guides of every region, or None if the spec's style loss has none."""
    guide = get_guide(spec)
    if guide is None:
        return None
    return [build_guide_maps(content, region, guide.resolution, shard) for region in regions]


def build_style_moments(
    spec: Spec,
    network: Network,
    regions: Sequence[Region],
    guides: Sequence[GuideMaps] | None,
    tile_size: Size,
) -> list[dict[int, StyleMoments]]:
    """Return the moments of every region's styles by tap: what the objectives of several contents share.

    `guides` are those of any content, as the styles' own maps do not depend on it.
    """
    taps = set(spec.style_loss.layers)
    maps = [None] * len(regions) if guides is None else guides
    return [
        compute_region_moments(network, region, taps, tile_size, guide)
        for region, guide in zip(regions, maps, strict=True)
    ]


def get_guide(spec: Spec) -> StructureGuide | None:
    """Return the guide of a spec's style loss, or None, also for a texture: a run from noise at strength 1."""
    loss, content_loss = spec.style_loss, spec.content_loss
    guide = loss.guide if isinstance(loss, WhitenedLoss) else None
    is_strength_1 = isinstance(content_loss, LuminanceContentLoss) and content_loss.strength == 1
    is_texture = is_strength_1 and isinstance(spec.start, NoiseStart)
    return guide if isinstance(guide, StructureGuide) and not is_texture else None


def compute_guide_weight(spec: Spec, guide: StructureGuide) -> float:
    """Return the weight of the guide at the strength of the spec's content loss."""
    return guide.weight * min(WEAKEST_GUIDE + (1 - WEAKEST_GUIDE) * _compute_guide_tradeoff(spec), STRONGEST_GUIDE)


def _compute_guide_tradeoff(spec: Spec) -> float:
    """Return how much the photograph's structure counts against the style: 1 at strength 0.5, and 0 at strength 1."""
    if not isinstance(spec.content_loss, LuminanceContentLoss):
        return 1.0
    return math.pow(compute_tradeoff(spec.content_loss), GUIDE_EXPONENT)


def _build_color_bounds(
    spec: Spec, content: Tensor, regions: Sequence[Region], guides: Sequence[GuideMaps] | None, shard: RowShard
) -> list[ColorBoundTerm]:
    """Return the bound on the colors of each region, or none without a guide; at strength 1, colors are free."""
    guide = get_guide(spec)
    tradeoff = min(_compute_guide_tradeoff(spec), STRONGEST_GUIDE)
    if guide is None or guides is None or tradeoff == 0:
        return []
    weight = COLOR_BOUND_WEIGHT * guide.weight * tradeoff * spec.style_loss.weight
    return [
        ColorBoundTerm(maps, content, region.mask, weight * region.weight, shard)
        for maps, region in zip(guides, regions, strict=True)
    ]


def _build_all_region_losses(
    spec: Spec,
    network: Network,
    content: Tensor,
    regions: Sequence[Region],
    guides: Sequence[GuideMaps] | None,
    style_moments: Sequence[dict[int, StyleMoments]] | None,
    tile_size: Size,
    shard: RowShard,
) -> list[dict[int, MomentLoss]]:
    """Return every region's style loss by tap."""
    guide = get_guide(spec)
    if style_moments is None:
        style_moments = build_style_moments(spec, network, regions, guides, tile_size)
    style = [{tap: moments.whole for tap, moments in by_tap.items()} for by_tap in style_moments]
    if guides is None or guide is None:
        return [
            build_region_losses(spec.style_loss, moments, region, shard=shard)
            for moments, region in zip(style, regions, strict=True)
        ]
    parts = split_planes(network, Size(shard.height, content.shape[-1]), shard)
    masks = RegionMasks(network, tuple(region.mask for region in regions), shard, parts)
    content_guides = RegionGuides(network, [maps.content for maps in guides], parts)
    guide_moments = [
        dict(zip(by_tap, add_over_processes(list(by_tap.values()), shard), strict=True))
        for by_tap in content_guides.compute_moments(spec.style_loss.layers, masks, tile_size)
    ]
    weight = compute_guide_weight(spec, guide)
    samples = [
        {tap: moments.take_sample(maps.strong_share) for tap, moments in by_tap.items()}
        for by_tap, maps in zip(style_moments, guides, strict=True)
    ]
    return [
        build_region_losses(spec.style_loss, moments, region, GuideTarget(by_tap, weight, sample), shard)
        for moments, region, by_tap, sample in zip(style, regions, guide_moments, samples, strict=True)
    ]
