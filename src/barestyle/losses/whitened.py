"""The whitened loss: differences of mean and covariance, measured in the style's own units (ours).

An untrained network's Gram matrix is ruled by its mean and a few strong directions. In coordinates where the
style's features have unit covariance every direction counts alike, and the scale of weights cancels.
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

A covariance in float32 carries rounding errors of up to some 5e-6 of that length, more or less by processor. Where a
style has one color that is all it carries, and directions of noise must not be amplified to directions of the style.
The weakest of natural pictures, in the deepest tap, have epsilon * lambda_max = 5e-4 of it.
"""


class WhitenedStyle(NamedTuple):
    """The style's mean (c,), covariance (c, c), and whitening matrix W = (C + eps·λmax·I)^(-1/2)."""

    mean: Tensor
    covariance: Tensor
    whitening: Tensor


def whitened_style(of: Moments, epsilon: float) -> WhitenedStyle:
    """The style's statistics. `epsilon` bounds the amplification of weak directions to 1/√epsilon of the strongest.

    The eigendecomposition is done in float64: float32 loses the directions weaker than 1e-7 of the strongest.
    It is done on the CPU, as not every device has float64.
    Features that never vary (a style of one color) have λmax = 0; they are then measured in units of
    their mean, and where that is 0 too, as they are. Raises DivergedError where the features are not finite.
    """
    covariance = of.covariance.cpu().double()
    if not bool(covariance.isfinite().all()):
        raise DivergedError(explain(StopReason.STYLE_NOT_FINITE))
    strengths, directions = torch.linalg.eigh((covariance + covariance.T) / 2)
    # Mean squared length of a feature: the covariance is a difference of numbers of this size, rounded to float32.
    size = float(of.second.diagonal().cpu().double().sum()) / of.pixels
    ridge = max(epsilon * float(strengths[-1]), NOISE_FLOOR * size) or 1.0
    inverse_root = (strengths.clamp(min=0) + ridge).rsqrt()
    whitening = (directions * inverse_root) @ directions.T
    return WhitenedStyle(of.mean, of.covariance, whitening.to(of.mean))


def whitened_loss(of: Moments, style: WhitenedStyle) -> Tensor:
    """‖W(m - m_style)‖²/c + ‖W(C - C_style)W‖²_F/c: a scalar >= 0 without unit."""
    channels = len(of.first)
    mean = style.whitening @ (of.mean - style.mean)
    covariance = style.whitening @ (of.covariance - style.covariance) @ style.whitening
    return (mean.square().sum() + covariance.square().sum()) / channels
