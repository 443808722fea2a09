"""A penalty on colors that a style does not have (ours).

The whitened loss compares covariances, so it is quadratic in the variance of a direction: a few pixels of a color that
the style never shows cost almost nothing, and results in gray styles get colored fringes. If the colors of a style are
on a line or in a plane of RGB space, as those of a gray style are, this term adds the mean squared distance from that
line or plane, which is linear in the variance. Like every style loss it is a function of moments: those of the pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from barestyle.losses.regions import Region, StyleImage

WEIGHT = 100.0
"""Weight of the squared distance, in units of the whitened loss, which falls to some 1e-1 on such styles."""

MIN_STD = 2 / 255
"""Smallest standard deviation along a direction of RGB that is not merely the noise of 8 bits and of JPEG."""


class MissingColorTerm(NamedTuple):
    """The mean color (3,) of a region's styles and a projection (3, 3) on the directions in which they do not vary.

    `mask` is the region, (1, 1, H, W) in 0..1, or None for the whole image. With `height`, that of the whole image,
    `mask` and images are some rows of it.
    """

    mean: Tensor
    projection: Tensor
    mask: Tensor | None
    weight: float
    height: int | None = None

    def add_gradient(self, image: Tensor, gradient: Tensor) -> Tensor:
        """Add the loss's gradient at `image` to `gradient`, both (1, 3, H, W); return the loss, a scalar."""
        distance = torch.einsum("cd,ndhw->nchw", self.projection, image - self.mean.view(1, 3, 1, 1))
        weighted = distance if self.mask is None else distance * self.mask
        factor = self.weight / ((self.height or image.shape[-2]) * image.shape[-1])
        gradient.add_(weighted, alpha=2 * factor)
        return factor * (weighted * distance).sum()


def find_missing_colors(regions: Sequence[Region], height: int | None = None) -> list[MissingColorTerm]:
    """Return a term for each region whose styles do not span RGB; ordinary images need none.

    `height` is that of the whole image, if its rows are split among processes.
    """
    terms = []
    for region in regions:
        mean, covariance = _compute_color_statistics(region.styles)
        variances, directions = torch.linalg.eigh(covariance)
        unused = directions[:, variances < MIN_STD**2]
        if unused.shape[1]:
            like = region.styles[0].pixels
            projection = (unused @ unused.T).to(like.dtype).to(like.device)
            mean = mean.to(like.dtype).to(like.device)
            terms.append(MissingColorTerm(mean, projection, region.mask, WEIGHT * region.weight, height))
    return terms


def _compute_color_statistics(styles: Sequence[StyleImage]) -> tuple[Tensor, Tensor]:
    """Return mean (3,) and covariance (3, 3) of the styles' pixels, mixed by their shares, float64 on the CPU."""
    mean, second = torch.zeros(3, dtype=torch.float64), torch.zeros(3, 3, dtype=torch.float64)
    for style in styles:
        pixels = style.pixels.cpu().double()[0].flatten(1)
        weights = torch.ones_like(pixels[0]) if style.mask is None else style.mask.cpu().double().flatten()
        sums = torch.cat((weights.sum()[None], pixels @ weights, ((pixels * weights) @ pixels.T).flatten()))
        total, *_ = sums = sums if style.shard is None else style.shard.sum(sums)
        mean += sums[1:4] * (style.share / total)
        second += sums[4:].view(3, 3) * (style.share / total)
    return mean, second - torch.outer(mean, mean)
