"""Change the size of an image whose rows are split among processes, or of a part of its rows."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from barestyle.distributed.halo_exchange import HaloExchange, Span
from barestyle.distributed.row_shard import RowShard


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
            index, weight = self._index[:, tap] - first, weights[:, tap]
            if bool(weight.any()):
                result.addcmul_(rows.index_select(2, index.to(rows.device)), weight.to(rows.device)[:, None])
        return result


def _cubic(x: Tensor, a: float) -> Tensor:
    """Return Keys' cubic convolution kernel (1981, doi:10.1109/TASSP.1981.1163711)."""
    x = x.abs()
    near, far = ((a + 2) * x - (a + 3)) * x * x + 1, ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return torch.where(x <= 1, near, torch.where(x < 2, far, torch.zeros_like(x)))


def resize_rows(rows: Tensor, shard: RowShard, target: RowShard, width: int, *, antialias: bool = True) -> Tensor:
    """Return this process's rows, (1, c, target, width), of an image at another size; bicubic, not clipped.

    The same as `torch.nn.functional.interpolate` of the whole image, to rounding.

    Args:
        rows: this process's rows of the image, (1, c, own, W).
        shard: which rows of the image each process has.
        target: which rows of the result each process gets.
        width: of the result.
        antialias: whether to average when reducing.
    """
    row_filter = RowFilter(shard.height, target.height, (target.top, target.bottom), antialias=antialias)
    if rows.shape[3] != width:
        size = rows.shape[2], width
        rows = F.interpolate(rows, size, mode="bicubic", antialias=antialias, align_corners=False)
    return row_filter.apply(HaloExchange(shard, row_filter.sources).gather(rows), row_filter.sources[0])


def gather_whole(rows: Tensor, shard: RowShard) -> Tensor:
    """Return the whole image (1, c, H, W) on every process, from the rows that each has."""
    return HaloExchange(shard, (0, shard.height)).gather(rows)
