"""A bound on how far an image's blurred colors are from those of its guide (ours).

The whitened loss compares covariances over the whole image. It does not distinguish a little of a color everywhere from
much of it in one place, and the latter is a stain. Within the bound, colors are free.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from barestyle.distributed import RowShard
from barestyle.losses.blurring import CellBlur
from barestyle.losses.structure_guide import COLOR_BLUR, OPPONENT_AXES, GuideMaps

BOUND = 0.4
"""Distance of chroma that costs nothing, in deviations of the palette: that of most strokes from their surroundings."""

CELL = 2
"""Side of a cell in pixels of the guide's map of colors; a picture of 512 pixels has 128 cells. Stains are larger."""

COLOR_BOUND_WEIGHT = 1 / 7
"""Against a whitened loss with a guide of weight 1."""

SLAB = 1024
"""Rows of an image that are blurred at the same time."""


class ColorBoundTerm:
    """The mean squared distance of blurred chroma beyond the bound, for images (1, 3, H, W) in 0..1.

    Args:
        maps: the guide of a region.
        like: an image of the size, precision and device that images will have.
        mask: the region, (1, 1, H, W) in 0..1, or None for the whole image.
        weight: of the loss, >= 0.
        shard: if given, images and mask are this process's rows.
    """

    def __init__(
        self, maps: GuideMaps, like: Tensor, mask: Tensor | None, weight: float, shard: RowShard | None = None
    ) -> None:
        resolution = max(max(maps.colors.shape[-2:]) // CELL, 1)
        # As blurred as the guide, or edges of color would be beyond the bound.
        self._blur = CellBlur(like, resolution, shard, COLOR_BLUR / CELL)
        self._is_first = shard is None or shard.group.rank == 0
        axes = torch.tensor(OPPONENT_AXES[1:], dtype=torch.float64) / maps.palette_std[1:, None]
        origin = maps.palette_mean[1:] / maps.palette_std[1:]
        target = F.interpolate(maps.colors[:, 1:].double(), self._blur.size, mode="bilinear", antialias=True)[0]
        self._axes, self._target = (
            tensor.to(like.dtype).to(like.device) for tensor in (axes, target + origin[:, None, None])
        )
        self._weights = weight * self._weigh_cells(mask)

    def _weigh_cells(self, mask: Tensor | None) -> Tensor:
        """Return each cell's weight, (cells, cells), which add to 1 over a whole image.

        A cell counts with twice its share of the region minus 1, at least 0, as the colors outside are those of others.
        So a region with a soft mask of 0.5 or less has no bound.
        """
        count = self._blur.size[0] * self._blur.size[1]
        if mask is None:
            return self._target.new_full(self._blur.size, 1 / count)
        share = self._blur.blur_rows(self._blur.blur_columns(mask[0, 0].to(self._target)))
        return (2 * share - 1).clamp(min=0) / count

    def add_gradient(self, image: Tensor, gradient: Tensor) -> Tensor:
        """Add the loss's gradient at `image` to `gradient`, both (1, 3, H, W); return the loss, a scalar.

        The loss is one process's; the gradient is that for each process's rows.
        """
        slabs = torch.split(image[0], SLAB, dim=1)
        narrow = [torch.einsum("ac,chw->ahw", self._axes, self._blur.blur_columns(slab)) for slab in slabs]
        difference = self._blur.blur_rows(torch.cat(narrow, dim=1)) - self._target
        distance = difference.norm(dim=0)
        beyond = (distance - BOUND).clamp(min=0)
        loss = (self._weights * beyond.square()).sum()
        slope = 2 * self._weights * beyond / distance.clamp(min=BOUND) * difference
        colors = torch.einsum("ac,ahw->chw", self._axes, slope)
        top = 0
        for slab in torch.split(gradient[0], SLAB, dim=1):
            bottom = top + slab.shape[1]
            slab.add_(self._blur.unblur(colors, top, bottom))
            top = bottom
        return loss if self._is_first else torch.zeros_like(loss)
