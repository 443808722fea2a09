"""The gradient of style losses for the features of a tap, from their gradient for the moments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from barestyle.losses.products import add_product, apply_affine
from barestyle.objective.region_guides import Guides
from barestyle.objective.region_masks import Masks
from barestyle.objective.tile_grid import Window


@dataclass(frozen=True)
class MomentGradient:
    """What turns each feature f at one tap into the gradient of a style loss for it: `matrix` f + `vector`.

    `matrix` (c, c) is the loss's gradient for the second moments plus its transpose; `vector` (c,) is the gradient for
    the first moments, or None if the loss does not depend on them. With a guide g, `guide_matrix` (c, k) adds what the
    moments of features and guide contribute: `guide_matrix` g.
    """

    matrix: Tensor
    vector: Tensor | None
    guide_matrix: Tensor | None = None

    @classmethod
    def from_joint(cls, second: Tensor, first: Tensor | None, channels: int) -> MomentGradient:
        """Return the gradient for features from that for the moments of features and guide together, features first."""
        symmetric = (second + second.T)[:channels]
        guide_matrix = symmetric[:, channels:] if len(second) > channels else None
        return cls(symmetric[:, :channels], None if first is None else first[:channels], guide_matrix)


def add_style_gradient(
    gradient: Tensor,
    features: Tensor,
    core: Window,
    moment_gradients: Sequence[MomentGradient],
    masks: Masks,
    guides: Guides,
) -> None:
    """Add the style losses' gradient for the core of a band of tapped features to `gradient`, region by region."""
    for number, moment_gradient in enumerate(moment_gradients):
        mask, guide = masks[number], guides[number]
        if mask is not None and not bool(mask.any()):
            continue
        rows = features[:, :, core.top : core.bottom]  # whole rows need not be copied
        style_gradient = apply_affine(rows, moment_gradient.matrix, moment_gradient.vector)
        if guide is not None and moment_gradient.guide_matrix is not None:
            add_product(style_gradient, guide[:, :, core.top : core.bottom], moment_gradient.guide_matrix)
        if mask is not None:
            style_gradient *= mask[core.top : core.bottom].to(style_gradient.dtype)
        core.crop(gradient).add_(style_gradient[..., core.left : core.right])
