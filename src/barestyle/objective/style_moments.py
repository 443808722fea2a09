"""The moments of a region's styles: of all pixels, and of those without strong color."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import NamedTuple

from torch import Tensor

from barestyle.distributed import RowShard
from barestyle.losses.moments import Moments
from barestyle.losses.regions import Region, StyleImage
from barestyle.losses.structure_guide import GuideMaps
from barestyle.networks import Network, Size
from barestyle.networks.interpolation import interpolate
from barestyle.objective.moment_pass import compute_masked_moments
from barestyle.objective.tile_policy import Tiling


class StyleMoments(NamedTuple):
    """The moments of styles at a tap, with a guide those of features and guide together.

    Attributes:
        whole: of all pixels.
        ordinary_colors: of the pixels without strong color; equal to `whole` without a guide.
    """

    whole: Moments
    ordinary_colors: Moments

    def take_sample(self, strong_share: float) -> Moments:
        """Return the moments of the pixels without strong color, and of a share of the others."""
        if strong_share == 1:
            return self.whole
        return self.ordinary_colors.scale(1 - strong_share) + self.whole.scale(strong_share)


def mix_style_moments(parts: Sequence[tuple[StyleMoments, float]]) -> StyleMoments:
    """Return the moments of an image composed of several, each with its share of the pixels; shares add to 1.

    Its Gram matrix is the weighted mean of theirs, which is how the field blends styles.
    """
    if len(parts) == 1:
        return parts[0][0]
    factors = [share / style.whole.pixels for style, share in parts]
    return StyleMoments(
        *(
            reduce(Moments.__add__, (moments.scale(factor) for moments, factor in zip(each, factors, strict=True)))
            for each in zip(*(style for style, _ in parts), strict=True)
        )
    )


def compute_region_moments(
    network: Network, region: Region, taps: set[int], tile_size: Size, guides: GuideMaps | None = None
) -> dict[int, StyleMoments]:
    """Return the moments of a region's styles by tap, mixed by their shares; `guides` has the styles' guides."""
    none = (None,) * len(region.styles)
    maps, ordinary_colors = (none, none) if guides is None else (guides.styles, guides.ordinary_colors)
    by_style = [
        _compute_moments_of_style(network, *inputs, taps, tile_size)
        for inputs in zip(region.styles, maps, ordinary_colors, strict=True)
    ]
    shares = [style.share for style in region.styles]
    return {
        tap: mix_style_moments([(moments[tap], share) for moments, share in zip(by_style, shares, strict=True)])
        for tap in taps
    }


def _compute_moments_of_style(
    network: Network,
    style: StyleImage,
    guide: Tensor | None,
    ordinary_colors: Tensor | None,
    taps: set[int],
    tile_size: Size,
) -> dict[int, StyleMoments]:
    """Return a style's moments by tap; `ordinary_colors` are the weights of `GuideMaps`."""
    masks = (style.mask,) if ordinary_colors is None else (style.mask, _mask_ordinary_colors(style, ordinary_colors))
    by_tap = compute_masked_moments(network, style.pixels, taps, Tiling(tile_size), masks, guide, style.shard)
    return {tap: StyleMoments(moments[0], moments[-1]) for tap, moments in by_tap.items()}


def _mask_ordinary_colors(style: StyleImage, weights: Tensor) -> Tensor:
    """Return weights (1, 1, h, w) at the style's size, in its rows, times its mask."""
    height, width = style.pixels.shape[-2:]
    shard = style.shard or RowShard.split(height)
    rows = interpolate(weights, 2, shard.height, shard.top, shard.bottom)
    enlarged = interpolate(rows, 3, width, 0, width).to(style.pixels)
    return enlarged if style.mask is None else enlarged * style.mask
