"""The luminance content loss: the content's blurred lightness, and at low strengths its pixels (ours).

Strokes and colors are free as long as light areas stay light and dark areas stay dark when seen from a distance.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from barestyle.images.color_transfer import LUMA
from barestyle.spec import LuminanceContentLoss

LIGHTNESS_WEIGHT = 0.1
PIXELS_WEIGHT = 0.02
"""At strength 0.5, against a whitened loss that falls to some 1e-3: chosen by eye on photographs of faces and towns."""

MIN_STRENGTH = 1e-3
"""Strength 0 would have infinite weight; at this strength no pixel changes by 1 of 255."""


def compute_tradeoff(spec: LuminanceContentLoss) -> float:
    """Return (1 - strength) / strength: how much the content counts, 0 at strength 1."""
    return (1 - spec.strength) / max(spec.strength, MIN_STRENGTH)


class LuminanceContentTerm:
    """The luminance content loss of one content image, for images of its size, (1, 3, H, W) in 0..1."""

    def __init__(self, content: Tensor, spec: LuminanceContentLoss) -> None:
        tradeoff = compute_tradeoff(spec)
        self._content = content
        self._lightness_weight = LIGHTNESS_WEIGHT * tradeoff
        self._pixels_weight = PIXELS_WEIGHT * tradeoff**3
        height, width = content.shape[-2:]
        cell = max(height, width) / spec.resolution
        # Convert before moving: not every device has float64.
        self._row_blur, self._column_blur = (
            build_blur_matrix(side, cell).to(content.dtype).to(content.device) for side in (height, width)
        )

    def add_gradient(self, image: Tensor, gradient: Tensor) -> Tensor:
        """Add the loss's gradient at `image` to `gradient`, both (1, 3, H, W); return the loss, a scalar."""
        difference = image - self._content
        luma = torch.tensor(LUMA, dtype=image.dtype).to(image.device)
        blurred = self._row_blur @ torch.einsum("chw,c->hw", difference[0], luma) @ self._column_blur.T
        loss = self._lightness_weight * blurred.square().mean() + self._pixels_weight * difference.square().mean()
        unblurred = self._row_blur.T @ blurred @ self._column_blur
        for channel, share in zip(gradient[0], LUMA, strict=True):
            channel.add_(unblurred, alpha=2 * self._lightness_weight * share / blurred.numel())
        gradient.add_(difference, alpha=2 * self._pixels_weight / difference.numel())
        return loss


def build_blur_matrix(side: int, cell: float) -> Tensor:
    """Return the matrix (cells, side), float64, that averages a row of pixels under overlapping triangles.

    Each triangle is two cells wide, and a cell `cell` pixels.
    """
    cells = max(round(side / cell), 1)
    if cells >= side:
        return torch.eye(side, dtype=torch.float64)
    identity = torch.eye(side, dtype=torch.float64).view(1, 1, side, side)
    return F.interpolate(identity, (cells, side), mode="bilinear", antialias=True, align_corners=False)[0, 0]
