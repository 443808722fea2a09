"""The content loss: feature maps compared pixel by pixel (Gatys et al. 2016; paper section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor


class FeatureSource(Protocol):
    """Feature maps that can be read a few rows at a time."""

    def read_rows(self, index: int, top: int, bottom: int) -> Tensor:
        """Return rows of a layer's features, (1, c, bottom - top, w)."""

    def release(self, *, keep: int | None = None) -> None:
        """Give back the memory of all layers except `keep`."""


@dataclass
class FeatureContentTerm:
    """The content loss of a tile at one layer: `factor`·‖f - target‖², summed over all tiles of the image.

    With `factor` = weight / number of values of the whole layer, the sum over all tiles is the weighted mean squared
    difference, in units of features². `squares` accumulates the squared differences during the backward pass.
    """

    index: int
    target: FeatureSource
    factor: float
    squares: Tensor

    def add_gradient(self, gradient: Tensor, features: Tensor, target: Tensor) -> None:
        """Add the gradient for some features (1, c, h, w) to `gradient`, and their squared differences to `squares`."""
        difference = features - target
        self.squares += difference.square().sum(dtype=self.squares.dtype)
        gradient.add_(difference, alpha=2 * self.factor)

    @property
    def loss(self) -> Tensor:
        """The loss of all rows added so far, a scalar."""
        return self.squares * self.factor
