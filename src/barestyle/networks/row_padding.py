"""Some rows of a plane with its margin of mirrored pixels, from the rows of the plane that they repeat."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from barestyle.distributed import Span
from barestyle.networks.conv_stack import ConvStack


class RowPadding:
    """The way from rows of a plane, (1, c, h, W), to rows of the plane with its margin, and back for gradients.

    Args:
        stack: whose margin it is.
        height: of the whole plane without its margin.
        rows: which rows to compute, counted with the margin.
    """

    def __init__(self, stack: ConvStack, height: int, rows: Span) -> None:
        self._margin = margin = stack.margin
        self._rows = top, bottom = rows
        self.source_rows = self._find_sources(height)
        """The rows of the plane without its margin that are needed."""
        above, below = max(margin - top, 0), max(bottom - margin - height, 0)
        self._padding = [margin, margin, above, below]
        self._start = top - (self.source_rows[0] + margin - above)

    def _find_sources(self, height: int) -> Span:
        """Return which rows of the plane are in the computed rows; in the margin they are those that it mirrors."""
        top, bottom = self._rows
        if top == bottom:
            return 0, 0
        first, last = top - self._margin, bottom - 1 - self._margin
        seen = [abs(row) if row < height else 2 * (height - 1) - row for row in (first, last)]
        seen += [row for row in (0, height - 1) if first <= row <= last]
        return min(seen), max(seen) + 1

    def pad(self, rows: Tensor) -> Tensor:
        """Return the computed rows from `source_rows`; differentiable, and without a copy if there is no margin."""
        count = self._rows[1] - self._rows[0]
        if not count:
            return rows[:, :, :0]
        padded = F.pad(rows, self._padding, mode="reflect") if self._margin else rows
        whole = self._start == 0 and padded.shape[2] == count
        return padded if whole else padded[:, :, self._start : self._start + count]

    def pad_backward(self, gradient: Tensor) -> Tensor:
        """Return the gradient for `source_rows` from that for the computed rows."""
        count, (first, last) = self._rows[1] - self._rows[0], self.source_rows
        rows = last - first + self._padding[2] + self._padding[3] if count else 0
        if rows != count:
            gradient = F.pad(gradient, (0, 0, self._start, rows - count - self._start))
        if not self._margin or not count:
            return gradient
        size = gradient.shape[2] - sum(self._padding[2:]), gradient.shape[3] - 2 * self._margin
        like = gradient.new_empty(1).expand(*gradient.shape[:2], *size)
        back: Tensor = torch.ops.aten.reflection_pad2d_backward(gradient, like, self._padding)
        return back
