"""The luminance content loss: the content's blurred lightness, and at low strengths its pixels (ours).

Strokes and colors are free as long as light areas stay light and dark areas stay dark when seen from a distance.
"""

from __future__ import annotations

import torch
from torch import Tensor

from barestyle.distributed import RowShard
from barestyle.images.color_transfer import LUMA
from barestyle.losses.blurring import CellBlur
from barestyle.spec import LuminanceContentLoss

LIGHTNESS_WEIGHT = 0.1
PIXELS_WEIGHT = 0.02
"""At strength 0.5, against a whitened loss that falls to some 1e-3: chosen by eye on photographs of faces and towns."""

SLAB = 1024
"""Rows of an image that are compared at the same time."""

MIN_STRENGTH = 1e-3
"""Strength 0 would have infinite weight; at this strength no pixel changes by 1 of 255."""


def compute_tradeoff(spec: LuminanceContentLoss) -> float:
    """Return (1 - strength) / strength: how much the content counts, 0 at strength 1."""
    return (1 - spec.strength) / max(spec.strength, MIN_STRENGTH)


class LuminanceContentTerm:
    """The luminance content loss of one content image, for images of its size, (1, 3, H, W) in 0..1.

    With `shard`, the content and the images are this process's rows.
    """

    def __init__(self, content: Tensor, spec: LuminanceContentLoss, shard: RowShard | None = None) -> None:
        tradeoff = compute_tradeoff(spec)
        self._shard = shard = shard or RowShard.split(content.shape[-2])
        self._content = content
        self._lightness_weight = LIGHTNESS_WEIGHT * tradeoff
        self._pixels_weight = PIXELS_WEIGHT * tradeoff**3
        self._blur = CellBlur(content, spec.resolution, shard)

    def add_gradient(self, image: Tensor, gradient: Tensor) -> Tensor:
        """Add the loss's gradient at `image` to `gradient`, both (1, 3, H, W); return the loss, a scalar.

        It is what this process's rows contribute; the blurred lightness, in which rows are mixed, is one process's.
        """
        luma = torch.tensor(LUMA, dtype=image.dtype).to(image.device)
        numel = image.numel() // max(image.shape[2], 1) * self._shard.height
        squares, lightness = image.new_zeros(()), []
        # A few rows at a time: an image more would be much memory for large ones.
        slabs = [torch.split(each, SLAB, dim=2) for each in (image, self._content, gradient)]
        for new, content, slope in zip(*slabs, strict=True):
            difference = new - content
            squares = squares + difference.square().sum()
            lightness.append(self._blur.blur_columns(torch.einsum("chw,c->hw", difference[0], luma)))
            slope.add_(difference, alpha=2 * self._pixels_weight / numel)
        blurred = self._blur.blur_rows(torch.cat(lightness))
        loss = self._pixels_weight * squares / numel
        if self._shard.group.rank == 0:
            loss = loss + self._lightness_weight * blurred.square().mean()
        unblurred = self._blur.unblur(blurred, 0, image.shape[2])
        for channel, share in zip(gradient[0], LUMA, strict=True):
            channel.add_(unblurred, alpha=2 * self._lightness_weight * share / blurred.numel())
        return loss
