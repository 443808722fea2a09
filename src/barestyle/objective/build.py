"""From a spec, a network and images to an objective."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from barestyle.losses.luminance_content import LuminanceContentTerm
from barestyle.losses.missing_colors import find_missing_colors
from barestyle.losses.regions import Region, StyleImage
from barestyle.networks import Network, Size
from barestyle.objective.objective import Objective
from barestyle.objective.style_targets import build_region_losses
from barestyle.objective.tile_policy import Tiling
from barestyle.spec import FeatureContentLoss, LuminanceContentLoss, Spec, TotalVariation, WhitenedLoss


def build_objective(
    spec: Spec,
    network: Network,
    content: Tensor,
    style: Tensor | Sequence[Region],
    *,
    tiling: Tiling | None = None,
) -> Objective:
    """Return the objective of a spec for images of the content's size.

    `content` is (1, 3, H, W) in 0..1 on the network's device, and so is `style`, of any size; for several styles or
    masks, `style` is a list of regions. The styles' statistics are computed in the network's precision: those of
    another precision would be another target.
    """
    tiling = tiling or Tiling()
    # A style larger than the content is tiled as if it were the content, for whose size the memory was planned.
    tile_size = tiling.tile_size or Size(*content.shape[-2:])
    regions = (Region((StyleImage(style),)),) if isinstance(style, Tensor) else tuple(style)
    losses = [build_region_losses(spec.style_loss, network, region, tile_size) for region in regions]
    content_loss = spec.content_loss if isinstance(spec.content_loss, FeatureContentLoss) else None
    luminance_content = None
    if isinstance(spec.content_loss, LuminanceContentLoss):
        luminance_content = LuminanceContentTerm(content.detach(), spec.content_loss)
    return Objective(
        network,
        {tap: tuple(by_tap[tap] for by_tap in losses) for tap in sorted(set(spec.style_loss.layers))},
        masks=tuple(region.mask for region in regions),
        content_loss=content_loss,
        content=None if content_loss is None else content.detach(),
        luminance_content=luminance_content,
        missing_colors=find_missing_colors(regions) if isinstance(spec.style_loss, WhitenedLoss) else (),
        smoothness=spec.smoothness if isinstance(spec.smoothness, TotalVariation) else None,
        tiling=tiling,
    )
