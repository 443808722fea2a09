"""Moments of a feature map: everything that a style loss may look at.

Moments add: those of a picture are the sums of those of its parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import NamedTuple

import torch
from torch import Tensor

from barestyle.losses.products import as_rows, second_moment


class Moments(NamedTuple):
    """n pixels, the sum of f, shape (c,), and the sum of f fᵀ, shape (c, c).

    Where pixels count in part, under a mask, n is the sum of their weights.
    """

    pixels: float
    first: Tensor
    second: Tensor

    def __add__(self, other: Moments) -> Moments:  # type: ignore[override]
        """The moments of both parts together."""
        return Moments(self.pixels + other.pixels, self.first + other.first, self.second + other.second)

    def times(self, factor: float) -> Moments:
        """The moments of so many copies of the picture."""
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
    """Moments in the making: maps are added one after the other, without a graph.

    The sums are kept in float32, or in the maps' own precision where that is finer.
    """

    def __init__(self, channels: int, like: Tensor) -> None:
        dtype = _accurate(like.dtype)
        self.pixels = 0.0
        self.first = torch.zeros(channels, dtype=dtype, device=like.device)
        self.second = torch.zeros(channels, channels, dtype=dtype, device=like.device)

    def add(self, features: Tensor, weight: Tensor | None = None) -> None:
        """Add a feature map, or a part of one, (1, c, h, w); with weights (h, w) >= 0 each pixel counts so much."""
        if weight is not None:
            self._add_weighted(features, weight)
            return
        rows = as_rows(features)
        self.pixels += rows.shape[0]
        self.first += rows.sum(0, dtype=self.first.dtype)
        self.second += second_moment(features)

    def _add_weighted(self, features: Tensor, weight: Tensor) -> None:
        if not bool(weight.any()):
            return
        root = weight.sqrt().to(features.dtype)
        weighted = (features * root).contiguous(memory_format=torch.channels_last)
        self.pixels += float(weight.sum(dtype=torch.promote_types(weight.dtype, torch.float32)))
        self.first += as_rows(weighted * root).sum(0, dtype=self.first.dtype)
        self.second += second_moment(weighted)

    def moments(self) -> Moments:
        """The moments of everything added so far; they share this object's memory."""
        return Moments(self.pixels, self.first, self.second)


def moments(features: Tensor) -> Moments:
    """Moments of a feature map (1, c, h, w); sums are float32 or finer whatever the features' precision.

    Differentiable in the features; the backward pass is one matrix product.
    """
    rows = as_rows(features)
    return Moments(rows.shape[0], rows.sum(0, dtype=_accurate(rows.dtype)), _second_moment(rows))


def mix_moments(parts: Sequence[tuple[Moments, float]]) -> Moments:
    """The moments of a picture that consists of several, each with its share of the pixels; shares add to 1.

    Its Gram matrix is the weighted mean of theirs, which is how the field blends styles.
    """
    (first, _), *rest = parts
    if not rest:
        return first
    return reduce(Moments.__add__, (of.times(share / of.pixels) for of, share in parts))


def _second_moment(rows: Tensor) -> Tensor:
    result: Tensor = _SecondMoment.apply(rows)  # type: ignore[no-untyped-call]
    return result


def _accurate(dtype: torch.dtype) -> torch.dtype:
    return torch.float32 if dtype in (torch.bfloat16, torch.float16) else dtype


class _SecondMoment(torch.autograd.Function):
    """Rows (n, c) -> the sum of f fᵀ, (c, c).

    Autograd would compute the gradient of FᵀF as two products; the cotangent's symmetric part needs one.
    """

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, rows: Tensor) -> Tensor:
        ctx.save_for_backward(rows)
        wide = rows.to(_accurate(rows.dtype))
        return wide.T @ wide

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *cotangents: Tensor) -> Tensor:
        (rows,) = ctx.saved_tensors  # type: ignore[attr-defined]
        (cotangent,) = cotangents
        gradient: Tensor = rows @ (cotangent + cotangent.T).to(rows.dtype)
        return gradient
