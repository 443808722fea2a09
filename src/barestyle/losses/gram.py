"""The Gram loss of Gatys et al. 2016 (doi:10.1109/CVPR.2016.265), as in the paper (section 3)."""

from __future__ import annotations

from torch import Tensor

from barestyle.losses.moments import Moments


def gram_matrix(moments: Moments) -> Tensor:
    """Return the Gram matrix (c, c), divided by channels times pixels as in PyTorch's tutorial."""
    return moments.second / (len(moments.first) * moments.pixels)


def gram_loss(moments: Moments, style: Tensor) -> Tensor:
    """Return the mean squared difference from the style's Gram matrix (c, c): a scalar >= 0, in units of features⁴."""
    return (gram_matrix(moments) - style).square().mean()
