"""Rows around a process's own, which it gets from the processes that have them."""

from __future__ import annotations

import torch
from torch import Tensor

from barestyle.distributed.row_shard import RowShard

Span = tuple[int, int]
"""Rows from the first to before the second; empty if they are equal."""


class HaloExchange:
    """The way from the rows that each process has to those that it needs, and back for gradients.

    All processes have to create it at the same time, and to call its methods in the same order.

    Args:
        shard: what each process has.
        needed: what this process needs; other processes may need other rows.
    """

    def __init__(self, shard: RowShard, needed: Span) -> None:
        self._shard = shard
        self.needed = needed
        self._own = (shard.top, shard.bottom)
        spans: list[Span] = shard.group.gather_values(needed)
        ranks = [rank for rank in range(shard.group.size) if rank != shard.group.rank]
        self._to_others = {rank: _intersect(self._own, spans[rank]) for rank in ranks}
        self._from_others = {rank: _intersect(shard.ends[rank : rank + 2], needed) for rank in ranks}

    @property
    def height(self) -> int:
        """Rows of the whole image."""
        return self._shard.height

    def gather(self, rows: Tensor) -> Tensor:
        """Return the needed rows, (1, c, needed, W), of an image of which this process has (1, c, own, W)."""
        top, bottom = self.needed
        if not self._shard.is_split:
            return rows if (top, bottom) == self._own else rows[:, :, top:bottom]
        result = rows.new_empty(*rows.shape[:2], bottom - top, rows.shape[3])
        self._copy(rows, self._own[0], result, top, _intersect(self._own, self.needed))
        sent = [(rank, _cut(rows, self._own[0], span)) for rank, span in self._to_others.items() if _has_rows(span)]
        received = {rank: _cut(result, top, span) for rank, span in self._from_others.items() if _has_rows(span)}
        self._shard.group.exchange(sent, list(received.items()))
        for rank, part in received.items():
            first, last = self._from_others[rank]
            result[:, :, first - top : last - top] = part
        return result

    def add_back(self, gradient: Tensor) -> Tensor:
        """Return the gradient for this process's own rows: the sum of what all processes have for them.

        The transpose of `gather`: `gradient` is (1, c, needed, W).
        """
        top, bottom = self.needed
        own_top, own_bottom = self._own
        if not self._shard.is_split and (top, bottom) == self._own:
            return gradient
        result = gradient.new_zeros(*gradient.shape[:2], own_bottom - own_top, gradient.shape[3])
        self._copy(gradient, top, result, own_top, _intersect(self._own, self.needed))
        sent = [(rank, _cut(gradient, top, span)) for rank, span in self._from_others.items() if _has_rows(span)]
        received = {
            rank: torch.empty_like(_cut(result, own_top, span))
            for rank, span in self._to_others.items()
            if _has_rows(span)
        }
        self._shard.group.exchange(sent, list(received.items()))
        for rank, part in received.items():  # in the order of ranks, so that sums are repeatable
            first, last = self._to_others[rank]
            result[:, :, first - own_top : last - own_top] += part
        return result

    @staticmethod
    def _copy(source: Tensor, source_top: int, target: Tensor, target_top: int, span: Span) -> None:
        first, last = span
        target[:, :, first - target_top : last - target_top] = source[:, :, first - source_top : last - source_top]


def _intersect(one: Span | tuple[int, ...], other: Span) -> Span:
    top, bottom = max(one[0], other[0]), min(one[1], other[1])
    return (top, bottom) if top < bottom else (one[0], one[0])


def _has_rows(span: Span) -> bool:
    return span[0] < span[1]


def _cut(rows: Tensor, top: int, span: Span) -> Tensor:
    return rows[:, :, span[0] - top : span[1] - top].contiguous()
