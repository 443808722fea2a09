"""Change the size of an image whose rows are split among processes, or of a part of its rows."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from barestyle.distributed.halo_exchange import HaloExchange, Span
from barestyle.distributed.row_shard import RowShard

SLAB = 64
"""Rows of a result that are computed at the same time."""


class RowFilter:
    """Bicubic weights of the rows that each row of a result is made of, as `torch.nn.functional.interpolate` has them.

    Args:
        height: rows of the whole image.
        length: rows of the whole result.
        rows: which of them to compute.
        antialias: whether the filter is widened when reducing; its shape is another one, too.
    """

    def __init__(self, height: int, length: int, rows: Span, *, antialias: bool) -> None:
        scale = height / length
        stretch = max(scale, 1.0) if antialias else 1.0
        centers = (torch.arange(*rows, dtype=torch.float64) + 0.5) * scale
        taps = math.ceil(4 * stretch) + 1
        first = (centers - 2 * stretch + 0.5).floor().long()
        self._index = (first[:, None] + torch.arange(taps)).clamp(0, height - 1)
        positions = first[:, None] + torch.arange(taps) + 0.5
        weights = _cubic((positions - centers[:, None]) / stretch, -0.5 if antialias else -0.75)
        if antialias:  # what is beyond the borders does not count; otherwise the border is repeated
            weights *= (positions > 0) & (positions < height)
            weights /= weights.sum(dim=1, keepdim=True)
        self._weights = weights

    @property
    def sources(self) -> Span:
        """The rows of the image that the result is made of."""
        return (int(self._index.min()), int(self._index.max()) + 1) if len(self._index) else (0, 0)

    def apply(self, rows: Tensor, first: int) -> Tensor:
        """Return the result's rows of (1, c, h, w), whose first row is row `first` of the image."""
        weights = self._weights.to(rows.dtype)
        result = rows.new_zeros(*rows.shape[:2], len(self._index), rows.shape[3])
        for tap in range(self._index.shape[1]):
            weight = weights[:, tap]
            if bool(weight.any()):
                result.addcmul_(rows.index_select(2, self._index[:, tap] - first), weight[:, None])
        return result


def _cubic(x: Tensor, a: float) -> Tensor:
    """Return Keys' cubic convolution kernel (1981, doi:10.1109/TASSP.1981.1163711)."""
    x = x.abs()
    near, far = ((a + 2) * x - (a + 3)) * x * x + 1, ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return torch.where(x <= 1, near, torch.where(x < 2, far, torch.zeros_like(x)))


def resample(
    pixels: Tensor,
    size: tuple[int, int],
    *,
    antialias: bool = True,
    rows: Span | None = None,
    first: int = 0,
    height: int | None = None,
) -> Tensor:
    """Return an image (1, c, h, w) at another size, or some rows of it: bicubic, not clipped.

    The same as `torch.nn.functional.interpolate` of the whole image, to rounding. Computed on the CPU in float64, a few
    rows at a time, so that every row has the same bits whichever rows are computed with it.

    Args:
        pixels: the image, or rows of it.
        size: height and width of the whole result.
        antialias: whether to average when reducing.
        rows: which rows of the result to compute; by default all.
        first, height: which row of an image of that height the first one of `pixels` is.
    """
    height = pixels.shape[2] if height is None else height
    top, bottom = rows or (0, size[0])
    result = pixels.new_empty(*pixels.shape[:2], bottom - top, size[1], device="cpu")
    for start in range(top, bottom, SLAB):
        end = min(start + SLAB, bottom)
        row_filter = RowFilter(height, size[0], (start, end), antialias=antialias)
        above, below = row_filter.sources
        part = pixels[:, :, above - first : below - first].cpu().double()
        if part.shape[3] != size[1]:
            narrow = part.shape[2], size[1]
            part = F.interpolate(part, narrow, mode="bicubic", antialias=antialias, align_corners=False)
        result[:, :, start - top : end - top] = row_filter.apply(part, above)
    return result.to(pixels.device)


def resize_rows(rows: Tensor, shard: RowShard, target: RowShard, width: int, *, antialias: bool = True) -> Tensor:
    """Return this process's rows, (1, c, target, width), of an image at another size, as `resample` does.

    Args:
        rows: this process's rows of the image, (1, c, own, W).
        shard: which rows of the image each process has.
        target: which rows of the result each process gets.
        width: of the result.
        antialias: whether to average when reducing.
    """
    span = target.top, target.bottom
    needed = RowFilter(shard.height, target.height, span, antialias=antialias).sources
    gathered = HaloExchange(shard, needed).gather(rows)
    size = target.height, width
    return resample(gathered, size, antialias=antialias, rows=span, first=needed[0], height=shard.height)


def gather_whole(rows: Tensor, shard: RowShard) -> Tensor:
    """Return the whole image (1, c, H, W) on every process, from the rows that each has."""
    return HaloExchange(shard, (0, shard.height)).gather(rows)
