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


class WhitenedStyle(NamedTuple):
    """The style's mean (c,), covariance (c, c), and whitening matrix W = (C + eps·λmax·I)^(-1/2)."""

    mean: Tensor
    covariance: Tensor
    whitening: Tensor


def whitened_style(of: Moments, epsilon: float) -> WhitenedStyle:
    """The style's statistics. `epsilon` bounds the amplification of weak directions to 1/√epsilon of the strongest.

    The eigendecomposition is done in float64: float32 loses the directions weaker than 1e-7 of the strongest.
    It is done on the CPU, as not every device has float64.
    Features that never vary (a style of one colour) have λmax = 0; they are then measured in units of
    their mean, and where that is 0 too, as they are. Raises DivergedError where the features are not finite.
    """
    covariance = of.covariance.cpu().double()
    if not bool(covariance.isfinite().all()):
        raise DivergedError(
            "the network's features of the style are infinite or NaN; use smaller weights (network.weights)"
        )
    strengths, directions = torch.linalg.eigh((covariance + covariance.T) / 2)
    power = float(of.mean.cpu().double().square().mean())
    # Below float32's resolution of the second moment, a variance is rounding and not a direction of the style.
    floor = power * torch.finfo(torch.float32).eps * 8 or 1.0
    largest = max(float(strengths[-1]), floor)
    inverse_root = (strengths.clamp(min=0) + epsilon * largest).rsqrt()
    whitening = (directions * inverse_root) @ directions.T
    return WhitenedStyle(of.mean, of.covariance, whitening.to(of.mean))


def whitened_loss(of: Moments, style: WhitenedStyle) -> Tensor:
    """‖W(m - m_style)‖²/c + ‖W(C - C_style)W‖²_F/c: a scalar >= 0 without unit."""
    channels = len(of.first)
    mean = style.whitening @ (of.mean - style.mean)
    covariance = style.whitening @ (of.covariance - style.covariance) @ style.whitening
    return (mean.square().sum() + covariance.square().sum()) / channels
