"""Normalizations with fixed weights of the styles, and convolutions that contain them."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from barestyle.feed_forward.layers import EPSILON, ConditionalNorm, Convolution, NormStatistics, compute_shares


class FoldedConvolution(NamedTuple):
    """A convolution together with the normalization after it, which fixed statistics make linear.

    `weight` is (outputs, inputs, side, side), `bias` (outputs,).
    """

    weight: Tensor
    bias: Tensor


def mix_scale_and_shift(norm: ConditionalNorm, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Return the scale and the shift of each channel, (c,), for weights (1, styles + 1) of photograph and styles."""
    shares = compute_shares(weights)
    return (shares @ norm.scale)[0], (shares @ norm.shift)[0]


def fold(convolution: Convolution, norm: ConditionalNorm, weights: Tensor, norms: NormStatistics) -> FoldedConvolution:
    """Return a convolution with the normalization of its output by fixed statistics (1, c, 1, 1) inside it."""
    mean, variance = (values.flatten() for values in norms[norm.index])
    scale, shift = mix_scale_and_shift(norm, weights)
    factor = scale * (variance + EPSILON).rsqrt()
    return FoldedConvolution(convolution.weight * factor[:, None, None, None], shift - factor * mean)
