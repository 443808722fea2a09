"""Moments of a feature map: all that a style loss depends on.

Moments add: those of an image are the sums of those of its parts.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from barestyle.losses.products import compute_cross_moment, compute_second_moment, flatten_pixels


class Moments(NamedTuple):
    """The number of pixels, the sum of their features f, (c,), and the sum of f fᵀ, (c, c).

    Under a mask, each pixel counts with its weight, and `pixels` is the sum of the weights.
    """

    pixels: float
    first: Tensor
    second: Tensor

    def __add__(self, other: Moments) -> Moments:  # type: ignore[override]
        """Return the moments of both parts together."""
        return Moments(self.pixels + other.pixels, self.first + other.first, self.second + other.second)

    def scale(self, factor: float) -> Moments:
        """Return the moments of `factor` copies of the image."""
        return Moments(self.pixels * factor, self.first * factor, self.second * factor)

    @property
    def mean(self) -> Tensor:
        """Mean feature, (c,)."""
        return self.first / self.pixels

    @property
    def covariance(self) -> Tensor:
        """Covariance of the features, (c, c)."""
        return self.second / self.pixels - torch.outer(self.mean, self.mean)


class MomentAccumulator:
    """Sums of moments, to which feature maps are added one after another, without a graph.

    With a guide the moments are those of features and guide together: of vectors (c + k,), the features first. The sums
    are in float32, or in the maps' own precision if that is finer.
    """

    def __init__(self, channels: int, like: Tensor, guide_channels: int = 0) -> None:
        dtype = _summation_dtype(like.dtype)
        length = channels + guide_channels
        self._channels = channels
        self._pixels = 0.0
        self._first = torch.zeros(length, dtype=dtype, device=like.device)
        self._second = torch.zeros(length, length, dtype=dtype, device=like.device)

    def add(self, features: Tensor, weights: Tensor | None = None, guide: Tensor | None = None) -> None:
        """Add a feature map or a part of one, (1, c, h, w), each pixel with its weight >= 0 from (h, w), default 1.

        `guide` is the guide at the same pixels, (1, k, h, w).
        """
        if guide is not None:
            guide = guide.contiguous(memory_format=torch.channels_last)  # once, not in each of its four sums
        if weights is None:
            self._pixels += features.shape[2] * features.shape[3]
            self._add_first(features, guide)
            self._add_second(features, guide)
            return
        if not bool(weights.any()):
            return
        root = weights.sqrt().to(features.dtype)
        weighted = (features * root).contiguous(memory_format=torch.channels_last)
        weighted_guide = None if guide is None else guide * root
        self._pixels += float(weights.sum(dtype=torch.promote_types(weights.dtype, torch.float32)))
        self._add_first(weighted * root, None if weighted_guide is None else weighted_guide * root)
        self._add_second(weighted, weighted_guide)

    def _add_first(self, features: Tensor, guide: Tensor | None) -> None:
        self._first[: self._channels] += flatten_pixels(features).sum(0, dtype=self._first.dtype)
        if guide is not None:
            self._first[self._channels :] += flatten_pixels(guide).sum(0, dtype=self._first.dtype)

    def _add_second(self, features: Tensor, guide: Tensor | None) -> None:
        self._second[: self._channels, : self._channels] += compute_second_moment(features)
        if guide is not None:
            cross = compute_cross_moment(features, guide)
            self._second[: self._channels, self._channels :] += cross
            self._second[self._channels :, : self._channels] += cross.T
            self._second[self._channels :, self._channels :] += compute_cross_moment(guide, guide)

    @property
    def moments(self) -> Moments:
        """The moments of everything added so far; they share this object's memory."""
        return Moments(self._pixels, self._first, self._second)


def compute_moments(features: Tensor) -> Moments:
    """Return the moments of a feature map (1, c, h, w); sums are in float32 or finer.

    Differentiable in the features; the backward pass is one matrix product.
    """
    rows = flatten_pixels(features)
    second: Tensor = _SecondMoment.apply(rows)  # type: ignore[no-untyped-call]
    return Moments(rows.shape[0], rows.sum(0, dtype=_summation_dtype(rows.dtype)), second)


def _summation_dtype(dtype: torch.dtype) -> torch.dtype:
    return torch.float32 if dtype in (torch.bfloat16, torch.float16) else dtype


class _SecondMoment(torch.autograd.Function):
    """The sum of f fᵀ, (c, c), of rows (n, c).

    Autograd would compute the gradient of FᵀF as two products; with a symmetric upstream gradient one is enough.
    """

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, rows: Tensor) -> Tensor:
        ctx.save_for_backward(rows)
        wide = rows.to(_summation_dtype(rows.dtype))
        return wide.T @ wide

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *upstream_gradients: Tensor) -> Tensor:
        (rows,) = ctx.saved_tensors  # type: ignore[attr-defined]
        (upstream,) = upstream_gradients
        gradient: Tensor = rows @ (upstream + upstream.T).to(rows.dtype)
        return gradient
