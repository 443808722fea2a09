"""Style losses with their targets: functions of an image's moments, built once from the styles."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import Tensor

from barestyle.losses.gram import gram_loss, gram_matrix
from barestyle.losses.moments import Moments, mix_moments
from barestyle.losses.regions import Region
from barestyle.losses.whitened import whiten_style, whitened_loss
from barestyle.networks import Network, Size
from barestyle.objective.moment_pass import compute_style_moments
from barestyle.objective.tile_policy import Tiling
from barestyle.spec import GramLoss, WhitenedLoss

MomentLoss = Callable[[Moments], Tensor]
"""The moments of one tap to a loss, a scalar >= 0 that is differentiable in them."""


def build_style_losses(spec: GramLoss | WhitenedLoss, style: dict[int, Moments]) -> dict[int, MomentLoss]:
    """Return the weighted loss of each tap, with the style's statistics as the target."""
    if isinstance(spec, GramLoss):
        plain = {tap: partial(gram_loss, style=gram_matrix(moments)) for tap, moments in style.items()}
        return {tap: _weight_loss(spec.weight, loss) for tap, loss in plain.items()}
    whitened = {
        tap: partial(whitened_loss, style=whiten_style(moments, spec.epsilon)) for tap, moments in style.items()
    }
    return {tap: _weight_loss(spec.weight / len(style), loss) for tap, loss in whitened.items()}


def build_region_losses(
    spec: GramLoss | WhitenedLoss, network: Network, region: Region, tile_size: Size
) -> dict[int, MomentLoss]:
    """Return a region's style loss by tap, in proportion to the region's area.

    Each of its pixels counts as much as if the region were the whole image, times the region's weight.
    """
    taps = set(spec.layers)
    moments_and_shares = [
        (compute_style_moments(network, style.pixels, taps, Tiling(tile_size), style.mask), style.share)
        for style in region.styles
    ]
    mixed = {tap: mix_moments([(moments[tap], share) for moments, share in moments_and_shares]) for tap in taps}
    losses = build_style_losses(spec, mixed)
    if region.mask is None and region.weight == 1:
        return losses
    area = 1.0 if region.mask is None else float(region.mask.mean())
    return {tap: _weight_loss(area * region.weight, loss) for tap, loss in losses.items()}


def _weight_loss(weight: float, loss: MomentLoss) -> MomentLoss:
    return lambda moments: weight * loss(moments)
