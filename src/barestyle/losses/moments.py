"""Moments of a feature map: everything that a style loss may look at.

Moments add: those of a picture are the sums of those of its parts.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from barestyle.losses.products import as_rows, second_moment


class Moments(NamedTuple):
    """n pixels, the sum of f, shape (c,), and the sum of f fᵀ, shape (c, c)."""

    pixels: int
    first: Tensor
    second: Tensor

    def __add__(self, other: Moments) -> Moments:  # type: ignore[override]
        """The moments of both parts together."""
        return Moments(self.pixels + other.pixels, self.first + other.first, self.second + other.second)

    @property
    def mean(self) -> Tensor:
        """Mean feature, (c,)."""
        return self.first / self.pixels

    @property
    def covariance(self) -> Tensor:
        """Covariance of the features, (c, c)."""
        return self.second / self.pixels - torch.outer(self.mean, self.mean)


class Sums:
    """Moments in the making: maps are added one after the other, without a graph.

    The sums are kept in float32, or in the maps' own precision where that is finer.
    """

    def __init__(self, channels: int, like: Tensor) -> None:
        dtype = _accurate(like.dtype)
        self.pixels = 0
        self.first = torch.zeros(channels, dtype=dtype, device=like.device)
        self.second = torch.zeros(channels, channels, dtype=dtype, device=like.device)

    def add(self, features: Tensor) -> None:
        """Add a feature map, or a part of one, (1, c, h, w)."""
        rows = as_rows(features)
        self.pixels += rows.shape[0]
        self.first += rows.sum(0, dtype=self.first.dtype)
        self.second += second_moment(features)

    def moments(self) -> Moments:
        """The moments of everything added so far; they share this object's memory."""
        return Moments(self.pixels, self.first, self.second)


def moments(features: Tensor) -> Moments:
    """Moments of a feature map (1, c, h, w); sums are float32 or finer whatever the features' precision.

    Differentiable in the features; the backward pass is one matrix product.
    """
    rows = as_rows(features)
    return Moments(rows.shape[0], rows.sum(0, dtype=_accurate(rows.dtype)), _second_moment(rows))


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
