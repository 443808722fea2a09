"""Style losses with their targets: functions of an image's moments, built once from the styles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from barestyle.distributed import RowShard
from barestyle.losses.gram import gram_loss, gram_matrix
from barestyle.losses.guided import whiten_guided_style
from barestyle.losses.moments import Moments
from barestyle.losses.regions import Region
from barestyle.losses.whitened import whiten_style, whitened_loss
from barestyle.spec import GramLoss, WhitenedLoss

MomentLoss = Callable[[Moments], Tensor]
"""The moments of one tap to a loss, a scalar >= 0 that is differentiable in them."""


@dataclass(frozen=True)
class GuideTarget:
    """What a guided loss needs besides the style.

    Attributes:
        content: the moments of the content's guide by tap.
        weight: the guide's weight.
        sample: the moments by tap of the style's pixels from which the residual is taken.
    """

    content: dict[int, Moments]
    weight: float
    sample: dict[int, Moments]


def build_style_losses(
    spec: GramLoss | WhitenedLoss, style: dict[int, Moments], guide: GuideTarget | None = None
) -> dict[int, MomentLoss]:
    """Return the weighted loss of each tap, with the style's statistics as the target.

    With `guide`, the statistics are those of features and guide together.
    """
    if isinstance(spec, GramLoss):
        plain = {tap: partial(gram_loss, style=gram_matrix(moments)) for tap, moments in style.items()}
        return {tap: _weight_loss(spec.weight, loss) for tap, loss in plain.items()}
    whitened = {
        tap: partial(
            whitened_loss,
            style=whiten_style(moments, spec.epsilon)
            if guide is None
            else whiten_guided_style(moments, guide.content[tap], guide.weight, spec.epsilon, guide.sample[tap]),
        )
        for tap, moments in style.items()
    }
    return {tap: _weight_loss(spec.weight / len(style), loss) for tap, loss in whitened.items()}


def build_region_losses(
    spec: GramLoss | WhitenedLoss,
    style: dict[int, Moments],
    region: Region,
    guide: GuideTarget | None = None,
    shard: RowShard | None = None,
) -> dict[int, MomentLoss]:
    """Return a region's style loss by tap, in proportion to the region's area.

    Each of its pixels counts as much as if the region were the whole image, times the region's weight. `style` has the
    moments of its styles, and `guide` those of the content's guide. With `shard`, the region's mask is the rows that
    this process has.
    """
    losses = build_style_losses(spec, style, guide)
    if region.mask is None and region.weight == 1:
        return losses
    area = 1.0 if region.mask is None else _measure_area(region.mask, shard)
    return {tap: _weight_loss(area * region.weight, loss) for tap, loss in losses.items()}


def _measure_area(mask: Tensor, shard: RowShard | None) -> float:
    """Return the mean of a mask (1, 1, H, W)."""
    if shard is None or not shard.is_split:
        return float(mask.mean())
    return float(shard.sum(mask.sum(dtype=torch.float64))) / (shard.height * mask.shape[-1])


def _weight_loss(weight: float, loss: MomentLoss) -> MomentLoss:
    return lambda moments: weight * loss(moments)
