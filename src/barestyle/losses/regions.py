"""Regions: parts of the image, each with the styles that it is painted in."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from barestyle.distributed import RowShard


@dataclass(frozen=True)
class StyleImage:
    """A style: its pixels (1, 3, h, w) in 0..1, their weights (1, 1, h, w) in 0..1, and its share of its region.

    Without a mask every pixel has weight 1. With `shard`, pixels and mask are the rows that this process has.
    """

    pixels: Tensor
    mask: Tensor | None = None
    share: float = 1.0
    shard: RowShard | None = None


@dataclass(frozen=True)
class Region:
    """A part of the image, (1, 1, H, W) in 0..1 or None for the whole image, and the styles that are mixed for it.

    `weight` multiplies the style loss of each of its pixels.
    """

    styles: tuple[StyleImage, ...]
    mask: Tensor | None = None
    weight: float = 1.0

    def to(self, device: torch.device) -> Region:
        """Return a copy whose images and masks are on a device; those that are there already are shared."""
        styles = tuple(
            replace(style, pixels=style.pixels.to(device), mask=None if style.mask is None else style.mask.to(device))
            for style in self.styles
        )
        return replace(self, styles=styles, mask=None if self.mask is None else self.mask.to(device))
