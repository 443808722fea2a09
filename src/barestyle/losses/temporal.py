"""The temporal loss: how far an image is from the previous frame's result, moved along the optical flow."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class TemporalTerm:
    """The temporal loss of a frame (Ruder et al. 2016, arXiv:1604.08610, section 4): weight * mean(c (x - w)²).

    Attributes:
        warped: the previous frame's result where the flow moves it, w, (1, 3, H, W) in 0..1.
        validity: c, (1, 1, H, W) in 0..1; 0 where the previous frame does not show what this one does.
        weight: >= 0.
    """

    warped: Tensor
    validity: Tensor
    weight: float

    def add_gradient(self, image: Tensor, gradient: Tensor) -> Tensor:
        """Add the loss's gradient at `image` to `gradient`, both (1, 3, H, W); return the loss, a scalar."""
        difference = image - self.warped
        weighted = difference * self.validity
        factor = self.weight / image.numel()
        gradient.add_(weighted, alpha=2 * factor)
        return factor * (weighted * difference).sum()
