"""A penalty on colors that a style does not have (ours).

The whitened loss compares covariances, so it is quadratic in the variance of a direction: a few pixels of a color that
the style never shows cost next to nothing, and gray styles get colored fringes. Where the colors of a style lie on a
line or in a plane of RGB space, as those of a gray one do, this adds the mean squared distance from it, which is linear
in that variance. Like every style loss it is a function of moments: those of the pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from barestyle.losses.regions import Region, StyleImage

WEIGHT = 100.0
"""Weight of the squared distance, in units of the whitened loss, which falls to some 1e-1 on such styles."""

SMALLEST_DEVIATION = 2 / 255
"""Colors that vary less than this in a direction of RGB do not vary: it is the noise of 8 bits and of JPEG."""


class MissingColors(NamedTuple):
    """The mean color (3,) of a region's styles and a projection (3, 3) on the directions in which they do not vary.

    `mask` says where in the picture, (1, 1, H, W) in 0..1 or None for all of it.
    """

    mean: Tensor
    projection: Tensor
    mask: Tensor | None
    weight: float

    def add(self, image: Tensor, gradient: Tensor) -> Tensor:
        """Return the loss of `image`, (1, 3, H, W), a scalar; add its gradient to `gradient`."""
        distance = torch.einsum("cd,ndhw->nchw", self.projection, image - self.mean.view(1, 3, 1, 1))
        weighted = distance if self.mask is None else distance * self.mask
        factor = self.weight / (image.shape[-2] * image.shape[-1])
        gradient.add_(weighted, alpha=2 * factor)
        return factor * (weighted * distance).sum()


def missing_colors(regions: Sequence[Region]) -> list[MissingColors]:
    """The penalties of those regions whose styles do not span RGB; for ordinary pictures there are none."""
    penalties = []
    for region in regions:
        mean, covariance = _color_statistics(region.samples)
        variances, directions = torch.linalg.eigh(covariance)
        unused = directions[:, variances < SMALLEST_DEVIATION**2]
        if unused.shape[1]:
            like = region.samples[0].pixels
            projection = (unused @ unused.T).to(like.dtype).to(like.device)
            mean = mean.to(like.dtype).to(like.device)
            penalties.append(MissingColors(mean, projection, region.mask, WEIGHT * region.weight))
    return penalties


def _color_statistics(samples: Sequence[StyleImage]) -> tuple[Tensor, Tensor]:
    """Mean (3,) and covariance (3, 3) of the pixels of several styles by their shares, float64 on the CPU."""
    mean, second = torch.zeros(3, dtype=torch.float64), torch.zeros(3, 3, dtype=torch.float64)
    for sample in samples:
        pixels = sample.pixels.cpu().double()[0].flatten(1)
        weights = torch.ones_like(pixels[0]) if sample.mask is None else sample.mask.cpu().double().flatten()
        weights = weights * (sample.share / weights.sum())
        mean += pixels @ weights
        second += (pixels * weights) @ pixels.T
    return mean, second - torch.outer(mean, mean)
