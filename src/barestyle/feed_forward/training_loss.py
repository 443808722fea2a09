"""The losses that a network is trained with: those of the search, of several crops together and at several sizes."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from barestyle.images.color_transfer import luminance
from barestyle.losses import GuideMaps, Region
from barestyle.losses.guided import whiten_guided_style
from barestyle.losses.missing_colors import find_missing_colors
from barestyle.losses.moments import Moments
from barestyle.losses.whitened import whitened_loss
from barestyle.networks import Network
from barestyle.objective import Tiling, compute_style_moments
from barestyle.spec import WhitenedLoss

SCALE_WEIGHTS = (0.5, 1.0, 2.0, 2.0)
"""Weights of the style loss at full, half, quarter and eighth size: large strokes are the hardest to learn."""

GUIDE_WEIGHT = 0.5

LIGHTNESS_WEIGHT = 0.2
LIGHTNESS_CELL = 8
"""Pixels over which lightness is averaged: an image of 512 pixels has 64 cells, as in the search."""

PIXELS_WEIGHT = 0.04
"""That and LIGHTNESS_WEIGHT are the search's at strength 0.5."""

POOLING_DECAY = 0.85
"""Share of the moments of earlier steps: a single crop of sky has few of the style's colors, and needs no more."""


Pool = Callable[[str, Moments], Moments]
"""Takes a name and moments, and returns those to compare with the style's."""


def reduce(image: Tensor, scale: int) -> Tensor:
    """Return an image reduced by 2 ** scale."""
    return F.avg_pool2d(image, 2**scale) if scale else image


def compute_joint_moments(features: Tensor, guide: Tensor) -> Moments:
    """Return the moments of features (N, c, h, w) and their guide (N, k, H, W) together, per pixel; differentiable."""
    size = features.shape[-2:]
    if guide.shape[-2:] != size:
        guide = F.interpolate(guide, size, mode="bilinear", align_corners=False, antialias=True)
    planes = torch.cat((features.float(), guide), dim=1)
    rows = planes.permute(1, 0, 2, 3).flatten(1)
    return Moments(1.0, rows.mean(1), rows @ rows.T / rows.shape[1])


class PooledStyleLoss:
    """The guided whitened loss of a style, of the crops of a step together with those of earlier steps.

    Args:
        network: untrained.
        spec: of the loss.
        style: one style.
        maps: the style's guide.
    """

    def __init__(self, network: Network, spec: WhitenedLoss, style: Region, maps: GuideMaps) -> None:
        self._network = network
        self._spec = spec
        style = style.to(network.device)
        (image,), (guide,) = style.styles, maps.styles
        self._targets = []
        for scale in range(len(SCALE_WEIGHTS)):
            mask = None if image.mask is None else reduce(image.mask, scale)
            pixels = reduce(image.pixels, scale)
            self._targets.append(compute_style_moments(network, pixels, set(spec.layers), Tiling(), mask, guide))
        self._missing_colors = find_missing_colors([style])
        self.pooled: dict[str, Tensor] = {}
        """The moments of earlier steps by name; part of a checkpoint."""

    def __call__(self, painted: Tensor, guide: Tensor) -> Tensor:
        """Return the loss of painted crops (N, 3, H, W) with the guide of the photograph, (N, k, H, W)."""
        return self._sum_scales(painted, guide, self._pool)

    def evaluate(self, painted: Tensor, guide: Tensor) -> Tensor:
        """Return the loss of images by themselves, as in a call."""
        return self._sum_scales(painted, guide, lambda _, moments: moments)

    def _sum_scales(self, painted: Tensor, guide: Tensor, pool: Pool) -> Tensor:
        total = painted.new_zeros(())
        for scale, weight in enumerate(SCALE_WEIGHTS):
            features = self._network(reduce(painted, scale))
            total = total + weight / sum(SCALE_WEIGHTS) * self._compare(features, guide, scale, pool)
        for term in self._missing_colors:
            distance = torch.einsum("cd,ndhw->nchw", term.projection, painted - term.mean.view(1, 3, 1, 1))
            total = total + term.weight * distance.square().sum(1).mean()
        return total

    def _compare(self, features: dict[int, Tensor], guide: Tensor, scale: int, pool: Pool) -> Tensor:
        losses = []
        for tap in self._spec.layers:
            with torch.autocast(guide.device.type, enabled=False):
                joint = pool(f"{scale}.{tap}", compute_joint_moments(features[tap], guide))
                channels = features[tap].shape[1]
                content = Moments(1.0, joint.first[channels:].detach(), joint.second[channels:, channels:].detach())
                target = whiten_guided_style(self._targets[scale][tap], content, GUIDE_WEIGHT, self._spec.epsilon)
                losses.append(whitened_loss(joint, target))
        return self._spec.weight * torch.stack(losses).mean()

    def _pool(self, name: str, moments: Moments) -> Moments:
        """Return moments mixed with those of earlier steps."""
        sums = torch.cat((moments.first[:, None], moments.second), dim=1)
        if name in self.pooled:
            sums = POOLING_DECAY * self.pooled[name] + (1 - POOLING_DECAY) * sums
        self.pooled[name] = sums.detach()
        return Moments(1.0, sums[:, 0], sums[:, 1:])


def compute_content_loss(painted: Tensor, photograph: Tensor) -> Tensor:
    """Return how far blurred lightness and pixels are from the photograph's, as in the search at strength 0.5."""
    difference = painted - photograph
    lightness = F.avg_pool2d(luminance(difference), LIGHTNESS_CELL)
    return LIGHTNESS_WEIGHT * lightness.square().mean() + PIXELS_WEIGHT * difference.square().mean()
