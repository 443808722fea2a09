"""The forms loss: the content's blurred lightness, and for low strengths the content itself (ours).

Strokes and colors are free as long as what is light stays light and what is dark stays dark, seen from afar.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from barestyle.images.color_transfer import LUMA
from barestyle.spec import LuminanceContentLoss

LIGHTNESS_WEIGHT = 0.4
PIXELS_WEIGHT = 0.2
"""At strength 0.5, against a whitened loss that falls to some 1e-3: chosen by eye on photographs of faces and towns."""

LEAST_STRENGTH = 1e-3
"""Strength 0 would weigh infinitely much; at this one no pixel changes by 1 of 255."""


class LuminanceContentTerm:
    """A content's forms loss, to be evaluated at images of its size, (1, 3, H, W) in 0..1."""

    def __init__(self, content: Tensor, spec: LuminanceContentLoss) -> None:
        tradeoff = (1 - spec.strength) / max(spec.strength, LEAST_STRENGTH)
        self._content = content
        self._lightness_weight = LIGHTNESS_WEIGHT * tradeoff
        self._pixels_weight = PIXELS_WEIGHT * tradeoff**3
        height, width = content.shape[-2:]
        cell = max(height, width) / spec.cells
        # First the precision, as not every device has float64.
        self._rows, self._columns = (blur(side, cell).to(content.dtype).to(content.device) for side in (height, width))

    def add(self, image: Tensor, gradient: Tensor) -> Tensor:
        """The loss, a scalar; its gradient is added to `gradient`, (1, 3, H, W)."""
        difference = image - self._content
        luma = torch.tensor(LUMA, dtype=image.dtype).to(image.device)
        blurred = self._rows @ torch.einsum("chw,c->hw", difference[0], luma) @ self._columns.T
        loss = self._lightness_weight * blurred.square().mean() + self._pixels_weight * difference.square().mean()
        spread = self._rows.T @ blurred @ self._columns
        for channel, share in zip(gradient[0], LUMA, strict=True):
            channel.add_(spread, alpha=2 * self._lightness_weight * share / blurred.numel())
        gradient.add_(difference, alpha=2 * self._pixels_weight / difference.numel())
        return loss


def blur(side: int, cell: float) -> Tensor:
    """The matrix (cells, side), float64, that takes a row of pixels to overlapping triangles, two cells wide each."""
    cells = max(round(side / cell), 1)
    if cells >= side:
        return torch.eye(side, dtype=torch.float64)
    identity = torch.eye(side, dtype=torch.float64).view(1, 1, side, side)
    return F.interpolate(identity, (cells, side), mode="bilinear", antialias=True, align_corners=False)[0, 0]
