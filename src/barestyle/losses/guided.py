"""The whitened loss of features together with a guide (ours).

The style tells how its features depend on its guide, and how they vary besides. A result should have features that
depend on the content's guide in the same way. Both are functions of the joint moments of features and guide.
"""

from __future__ import annotations

import torch
from torch import Tensor

from barestyle.losses.moments import Moments
from barestyle.losses.whitened import WhitenedStyle, compute_whitening

REGRESSION_RIDGE = 1e-4
"""Relative to the guide's mean variance: the guide of a style of one color does not vary."""


def whiten_guided_style(
    style: Moments, content_guide: Moments, weight: float, epsilon: float, sample: Moments | None = None
) -> WhitenedStyle:
    """Return the target of the whitened loss for the joint moments of features and guide.

    The style's features f are regressed on its guide g: f = A g + residual. The target keeps A, and the mean e and
    covariance R of the residual, but has the guide of the content:

        covariance of f and g: A G,  covariance of f: A G Aᵀ + R,  mean of f: A m_G + e

    with G and m_G the covariance and mean of the content's guide. In the whitened coordinates the guide is scaled to
    `weight` times the root mean variance of the features; with weight 0 it does not count.

    Args:
        style: of the style's features and guide together, (c + k,).
        content_guide: of the content's guide, (k,).
        weight: >= 0.
        epsilon: as for `whiten_style`.
        sample: moments of those of the style's pixels from which e and R are taken; by default all of them.
    """
    sample = style if sample is None else sample
    channels = len(style.first) - len(content_guide.first)
    mean, covariance = style.mean.cpu().double(), style.covariance.cpu().double()
    guide_mean, guide_covariance = content_guide.mean.cpu().double(), content_guide.covariance.cpu().double()
    features, guide = slice(0, channels), slice(channels, None)
    coefficients = _regress(covariance[features, guide], covariance[guide, guide])
    residual_mean, residual_covariance = _compute_residual(sample, coefficients)
    # The ridge leaves some of the dependence on the guide unexplained. It counts as residual, so that a picture in its
    # own style has no loss.
    unexplained = (covariance[features, guide] - coefficients @ covariance[guide, guide]) @ coefficients.T
    residual_covariance = residual_covariance + unexplained + unexplained.T
    cross = coefficients @ guide_covariance
    target = torch.cat(
        (
            torch.cat((cross @ coefficients.T + residual_covariance, cross), dim=1),
            torch.cat((cross.T, guide_covariance), dim=1),
        )
    )
    target_mean = torch.cat((coefficients @ guide_mean + residual_mean, guide_mean))
    scale = torch.ones(len(mean), dtype=torch.float64)
    scale[guide] = weight * covariance[features, features].diagonal().mean().clamp(min=0).sqrt()
    size = float(style.second.diagonal()[features].cpu().double().sum()) / style.pixels
    whitening = compute_whitening(scale[:, None] * target * scale, size, epsilon) * scale
    return WhitenedStyle(target_mean.to(style.first), target.to(style.first), whitening.to(style.first), channels)


def _compute_residual(moments: Moments, coefficients: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean (c,) and covariance (c, c) of f - A g, from the joint moments of f and g and A, (c, k)."""
    identity = torch.eye(len(coefficients), dtype=coefficients.dtype)
    difference = torch.cat((identity, -coefficients), dim=1)
    mean, covariance = moments.mean.cpu().double(), moments.covariance.cpu().double()
    return difference @ mean, difference @ covariance @ difference.T


def _regress(cross: Tensor, guide: Tensor) -> Tensor:
    """Return the coefficients A (c, k) of features on a guide, from their covariances (c, k) and (k, k)."""
    ridge = REGRESSION_RIDGE * float(guide.diagonal().mean()) or 1.0
    regularized = guide + ridge * torch.eye(len(guide), dtype=guide.dtype)
    coefficients: Tensor = torch.linalg.solve(regularized, cross.T).T
    return coefficients
