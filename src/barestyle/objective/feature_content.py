"""The content loss: feature maps compared place by place (Gatys et al. 2016; paper section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor


class Features(Protocol):
    """Feature maps of which some rows can be had at a time."""

    def rows(self, index: int, top: int, bottom: int) -> Tensor:
        """Some rows of a layer's features, (1, c, bottom - top, w)."""

    def release(self, *, but: int | None = None) -> None:
        """Give back the memory of all layers but this one."""


@dataclass
class FeatureContentTerm:
    """A content loss at one layer of a tile: `factor`·‖f - target‖², summed over all of the picture's tiles.

    With `factor` the loss's weight over the number of all values it is the mean squared difference of two maps,
    in units of features². The squares are summed into `total` while a gradient is made.
    """

    index: int
    target: Features
    factor: float
    total: Tensor

    def add(self, gradient: Tensor, features: Tensor, target: Tensor) -> None:
        """Add the gradient for some features (1, c, h, w) to `gradient`, and their squares to `total`."""
        difference = features - target
        self.total += difference.square().sum(dtype=self.total.dtype)
        gradient.add_(difference, alpha=2 * self.factor)
