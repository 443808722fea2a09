"""Guide channels: the coarse structure of an image, beside which the style's features are matched (ours).

Each image has its own guide. The style's says where the painter puts which features: dark outlines along edges, light
strokes on light ground. The content's says where its edges and its light ground are. Matching the features' joint
statistics with the guide puts them there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from barestyle.distributed import RowShard
from barestyle.images import resize_to_whole, shrink
from barestyle.images.color_transfer import Rows, luminance
from barestyle.losses.blurring import blur
from barestyle.losses.palette_map import move_onto_palette
from barestyle.losses.regions import Region, StyleImage
from barestyle.losses.strong_colors import compare_strong_colors, measure_strong_colors, weigh_ordinary_colors

GUIDE_CHANNELS = 6
"""Three of color, two of strong color, and the ridges."""

OPPONENT_AXES = ((0.299, 0.587, 0.114), (0.5, -0.5, 0.0), (0.25, 0.25, -0.5))
"""Lightness, red against green, and yellow against blue."""

COLOR_BLUR = 4 / 3
"""Deviation of the Gaussian that blurs colors, in pixels of their map."""

RIDGE_RATIO = 1.6
"""Ratio of the two Gaussians whose difference finds ridges: that which resembles a Laplacian most (Marr & Hildreth
1980, doi:10.1098/rspb.1980.0020)."""

SMALLEST_STD = 0.02
"""Added to the deviation of a color axis: colors of a gray image are noise, and noise must not become a guide."""

SMALLEST_CONTRAST = 1 / 1024
"""Added to the deviation of the differences of lightness, so that rounding to 8 bits in flat areas makes no ridges."""


class GuideMaps(NamedTuple):
    """The guides of a region, and where its styles have strong colors.

    All maps are on the CPU, in float32 or finer, and no larger than the guide's resolution needs. A channel's values
    have mean 0 and variance 1, or nearly so, over the region's styles; those of strong colors have less where there are
    few.

    Attributes:
        content: the content's guide, (1, GUIDE_CHANNELS, h, w).
        styles: each style's guide, (1, GUIDE_CHANNELS, h, w).
        ordinary_colors: each style's weights of `weigh_ordinary_colors`, (1, 1, h, w) in 0..1, or None if all are 1.
        strong_share: how much of strong color the content has relative to the styles, in 0..1.
        colors: the content's colors as in its guide, (1, 3, h, w), at their own resolution.
        palette_mean, palette_std: mean and deviation of the styles' blurred colors along OPPONENT_AXES, (3,), float64.
    """

    content: Tensor
    styles: tuple[Tensor, ...]
    ordinary_colors: tuple[Tensor | None, ...]
    strong_share: float
    colors: Tensor
    palette_mean: Tensor
    palette_std: Tensor


def build_guide_maps(content: Tensor, region: Region, resolution: int, shard: RowShard | None = None) -> GuideMaps:
    """Return the guides of a region of the content, (1, 3, H, W) in 0..1, at a number of cells along the long side.

    With `shard`, the content and the region's mask are the rows that this process has; every process gets the guides.
    """
    colors = _build_color_maps(content, region, resolution, shard)
    pairs = zip(colors.styles, region.styles, strict=True)
    return colors._replace(
        content=_stack_maps(colors.content, content, resolution, shard),
        styles=tuple(_stack_maps(plane, style.pixels, resolution, style.shard) for plane, style in pairs),
    )


def _stack_maps(colors: Tensor, image: Tensor, resolution: int, shard: RowShard | None) -> Tensor:
    """Return an image's color maps and its ridges at the size of the latter."""
    ridges = compute_ridges(shrink(image, 2 * resolution, shard), resolution)
    enlarged = F.interpolate(colors, ridges.shape[-2:], mode="bilinear", align_corners=False)
    return torch.cat((enlarged, ridges), dim=1)


def compute_ridges(image: Tensor, resolution: int) -> Tensor:
    """Return how much lighter each pixel is than its surroundings, (1, 1, h, w), with mean 0 and deviation 1.

    Ridges, that is, light lines, and the light sides of edges are positive; dark lines and the dark sides of edges are
    negative. Large differences are compressed, so that a few strong edges do not outweigh all others.
    """
    small = shrink(image, 2 * resolution)
    sigma = max(1.0, max(small.shape[-2:]) / resolution)
    lightness = luminance(small)
    return _compress(blur(lightness, sigma) - blur(lightness, RIDGE_RATIO * sigma))


def _compress(values: Tensor) -> Tensor:
    """Return values with mean 0 and deviation 1 whose extremes are compressed, or 0 where there is only noise."""
    compressed = torch.asinh(values / (values.std(correction=0) + SMALLEST_CONTRAST))
    return (compressed - compressed.mean()) / (compressed.std(correction=0) + SMALLEST_STD)


def _build_color_maps(content: Tensor, region: Region, resolution: int, shard: RowShard | None) -> GuideMaps:
    """Return the guides without ridges: the content's blurred colors moved onto the palette, and those of each style.

    Both are relative to the palette's mean and deviation along each axis, and have two channels of strong color.
    """
    side = max(2 * resolution // 3, 8)
    images = [(content, shard), *((style.pixels, style.shard) for style in region.styles)]
    maps = [_compute_opponent_colors(shrink(pixels, side, rows)) for pixels, rows in images]
    rows = [plane[0].flatten(1).T.double().numpy() for plane in maps]
    content_weights = _resize_weights(region.mask, maps[0], shard)
    style_weights = [_weigh_style(style, plane) for style, plane in zip(region.styles, maps[1:], strict=True)]
    palette, palette_weights = np.concatenate(rows[1:]), np.concatenate(style_weights)
    mean, std = _compute_mean_std(palette, palette_weights)
    own_mean, own_std = _compute_mean_std(rows[0], content_weights)
    own, target = (rows[0] - own_mean) / own_std, (palette - mean) / std
    moved = move_onto_palette(own, content_weights, target, palette_weights)
    relative = [moved, *((colors - mean) / std for colors in rows[1:])]
    content_map, *style_maps = (
        _to_map(np.concatenate((colors, measure_strong_colors(colors, target, palette_weights)), axis=1), plane)
        for colors, plane in zip(relative, maps, strict=True)
    )
    ordinary = [weigh_ordinary_colors(colors) for colors in relative[1:]]
    return GuideMaps(
        content_map,
        tuple(style_maps),
        tuple(
            # Processes that share a style must have the same number of masks, however each of them rounds.
            None if weights.min() == 1 and style.shard is None else _to_map(weights[:, None], plane)
            for weights, plane, style in zip(ordinary, maps[1:], region.styles, strict=True)
        ),
        compare_strong_colors(moved, content_weights, target, palette_weights),
        content_map[:, :3],
        torch.from_numpy(mean),
        torch.from_numpy(std),
    )


def _to_map(rows: Rows, plane: Tensor) -> Tensor:
    """Return values of pixels (h * w, k) as a map (1, k, h, w) of a plane's height, width and precision."""
    return torch.from_numpy(rows.T.copy()).to(plane.dtype).view(1, -1, *plane.shape[-2:])


def _compute_opponent_colors(small: Tensor) -> Tensor:
    """Return a small image in OPPONENT_AXES, (1, 3, h, w), blurred over two cells."""
    # A side has two pixels for three cells; an image smaller than the side has larger cells.
    colors = torch.einsum("cd,ndhw->nchw", torch.tensor(OPPONENT_AXES, dtype=small.dtype), small)
    return blur(colors, COLOR_BLUR)


def _weigh_style(style: StyleImage, plane: Tensor) -> Rows:
    """Return the weight of each pixel of a style's color map; they add to its share of the region."""
    weights = _resize_weights(style.mask, plane, style.shard)
    weights *= style.share / weights.sum()
    return weights


def _resize_weights(mask: Tensor | None, plane: Tensor, shard: RowShard | None) -> Rows:
    """Return a mask at the size of a map as weights of its pixels; all are 1 without a mask, or if none is left."""
    height, width = plane.shape[-2:]
    weights = torch.ones(height * width)
    if mask is not None:
        weights = resize_to_whole(mask.cpu().to(plane), height, width, shard).flatten()
    if not bool(weights.any()):
        weights = torch.ones_like(weights)
    return weights.double().numpy()


def _compute_mean_std(rows: Rows, weights: Rows) -> tuple[Rows, Rows]:
    mean = np.average(rows, axis=0, weights=weights)
    return mean, np.sqrt(np.average((rows - mean) ** 2, axis=0, weights=weights)) + SMALLEST_STD
