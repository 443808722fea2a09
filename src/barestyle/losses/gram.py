"""The Gram loss of Gatys et al. 2016 (doi:10.1109/CVPR.2016.265), as the paper uses it (section 3)."""

from __future__ import annotations

from torch import Tensor

from barestyle.losses.moments import Moments


def gram(of: Moments) -> Tensor:
    """Gram matrix (c, c), divided by channels times pixels as in PyTorch's tutorial."""
    return of.second / (len(of.first) * of.pixels)


def gram_loss(of: Moments, style: Tensor) -> Tensor:
    """Mean squared difference to the style's Gram matrix (c, c): a scalar >= 0, in units of features⁴."""
    return (gram(of) - style).square().mean()
