"""The last step of painting: the network's output keeps a little of the photograph, and gets the style's colors."""

from __future__ import annotations

from torch import Tensor

from barestyle.feed_forward.color_curves import Palette, apply_curves, compute_curves
from barestyle.feed_forward.layers import compute_shares

KEPT_SHARE = 0.3
"""Share of the photograph in the network's output at full strength. Faces and letters stay whole, and pictures come no
less near to the style, as the colors are moved afterwards."""


def measure_curves(painted: Tensor, images: Tensor, weights: Tensor, palette: Palette) -> Tensor:
    """Return the curves of colors, (N, PASSES, 3, KNOTS), that `finish` needs for whole images.

    Args:
        painted: the network's output (N, 3, H, W) in 0..1.
        images: the photographs.
        weights: of the photograph itself and of each style, (N, styles + 1) or (1, styles + 1).
        palette: the styles' colors.
    """
    return compute_curves(_mix(painted, images, weights), palette.mix(compute_shares(weights)))


def finish(painted: Tensor, images: Tensor, weights: Tensor, curves: Tensor) -> Tensor:
    """Return finished images (N, 3, H, W) in 0..1, or parts of them; the arguments are as for `measure_curves`.

    With a growing weight of the photograph its forms come first: up to a weight of a half, the colors are the style's.
    """
    moved = apply_curves(_mix(painted, images, weights), curves)
    share = (2 * _get_photograph_weight(weights) - 1).clamp(min=0)
    return moved.lerp_(images, share.to(moved)) if bool(share.any()) else moved


def _mix(painted: Tensor, images: Tensor, weights: Tensor) -> Tensor:
    share = KEPT_SHARE + (1 - KEPT_SHARE) * _get_photograph_weight(weights)
    return painted.float().lerp(images, share.to(images))


def _get_photograph_weight(weights: Tensor) -> Tensor:
    return weights[:, :1, None, None]
