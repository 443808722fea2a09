"""Regions: where in the picture which styles are asked for."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class StyleImage:
    """A style: its pixels (1, 3, h, w) in 0..1, what counts of them, (1, 1, h, w), and its share of its region."""

    pixels: Tensor
    mask: Tensor | None = None
    share: float = 1.0


@dataclass(frozen=True)
class Region:
    """A part of the picture, (1, 1, H, W) in 0..1 or None for all of it, and the styles that are pooled for it.

    `weight` says how much its style loss counts, for each of its pixels.
    """

    samples: tuple[StyleImage, ...]
    mask: Tensor | None = None
    weight: float = 1.0
