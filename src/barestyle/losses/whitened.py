"""The whitened loss: differences of mean and covariance, in units of the style's own covariance (ours).

An untrained network's Gram matrix is dominated by its mean and a few strong directions. In coordinates in which the
style's features have unit covariance every direction counts equally, and the scale of the network's weights cancels.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from barestyle.errors import DivergedError
from barestyle.losses.moments import Moments
from barestyle.stop_reasons import StopReason, explain

NOISE_FLOOR = 1e-4
"""Smallest ridge of the whitening, in units of the features' mean squared length.

A covariance in float32 has rounding errors of up to about 5e-6 of that length, more or less by processor. For a style
of one color that is all it contains, and directions of noise must not be amplified to directions of the style.
The weakest of natural images, in the deepest tap, have epsilon * lambda_max = 5e-4 of it.
"""


class WhitenedStyle(NamedTuple):
    """The style's mean (c,), covariance (c, c), and whitening matrix W = (C + ridge·I)^(-1/2), (c, c).

    With a guide, all three are of features and guide together, and `channels` counts the features only.
    """

    mean: Tensor
    covariance: Tensor
    whitening: Tensor
    channels: int


def whiten_style(moments: Moments, epsilon: float) -> WhitenedStyle:
    """Return the style's statistics with their whitening matrix.

    The ridge is epsilon·λmax, so that weak directions are amplified to at most 1/√epsilon of the strongest; it is at
    least NOISE_FLOOR times the features' mean squared length, and 1 if all features are zero.
    The eigendecomposition is in float64, as float32 loses directions weaker than 1e-7 of the strongest, and on the CPU,
    as not every device has float64. Raises DivergedError if the features are not finite.
    """
    covariance = moments.covariance.cpu().double()
    size = float(moments.second.diagonal().cpu().double().sum()) / moments.pixels
    whitening = compute_whitening(covariance, size, epsilon)
    return WhitenedStyle(moments.mean, moments.covariance, whitening.to(moments.mean), len(moments.first))


def compute_whitening(covariance: Tensor, size: float, epsilon: float) -> Tensor:
    """Return (C + ridge·I)^(-1/2) of a covariance (c, c), float64 on the CPU, whose ridge is that of `whiten_style`.

    `size` is the mean squared length of a feature: the covariance is a difference of numbers of this size, rounded to
    float32. Raises DivergedError if the covariance is not finite.
    """
    if not bool(covariance.isfinite().all()):
        raise DivergedError(explain(StopReason.STYLE_NOT_FINITE))
    strengths, directions = torch.linalg.eigh((covariance + covariance.T) / 2)
    ridge = max(epsilon * float(strengths[-1]), NOISE_FLOOR * size) or 1.0
    inverse_root = (strengths.clamp(min=0) + ridge).rsqrt()
    whitening: Tensor = (directions * inverse_root) @ directions.T
    return whitening


def whitened_loss(moments: Moments, style: WhitenedStyle) -> Tensor:
    """Return ‖W(m - m_style)‖²/c + ‖W(C - C_style)Wᵀ‖²_F/c: a scalar >= 0, without unit."""
    mean = style.whitening @ (moments.mean - style.mean)
    covariance = style.whitening @ (moments.covariance - style.covariance) @ style.whitening.T
    return (mean.square().sum() + covariance.square().sum()) / style.channels
