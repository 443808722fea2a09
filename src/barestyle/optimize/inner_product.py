"""The inner product of images as vectors, and what follows from it; the rows may be split among processes."""

from __future__ import annotations

import torch
from torch import Tensor

from barestyle.distributed import RowShard


class InnerProduct:
    """Products, norms and means of flat vectors; if their image is split among processes, of the whole vectors.

    Every process gets the same numbers, so that all of them take the same decisions.

    Args:
        shard: which rows of the image each process has; None if this process has all.
    """

    def __init__(self, shard: RowShard | None = None) -> None:
        self._shard = shard

    def __call__(self, one: Tensor, other: Tensor) -> float:
        """Return the inner product of two vectors."""
        return float(self.sum(one.dot(other)))

    def sum(self, values: Tensor) -> Tensor:
        """Return the sum of all processes' numbers, in float64 if there are several; this may overwrite them."""
        if self._shard is None or not self._shard.is_split:
            return values
        return self._shard.sum(values.cpu().double())

    def count(self, vector: Tensor) -> int:
        """Return the number of elements."""
        if self._shard is None or not self._shard.is_split:
            return vector.numel()
        return round(float(self.sum(torch.tensor(float(vector.numel()), dtype=torch.float64))))

    def mean_abs(self, vector: Tensor) -> float:
        """Return the mean absolute value."""
        if self._shard is None or not self._shard.is_split:
            return float(vector.abs().mean())
        return float(self.sum(vector.abs().sum())) / self.count(vector)

    def norm(self, vector: Tensor) -> Tensor:
        """Return the Euclidean norm, a scalar."""
        if self._shard is None or not self._shard.is_split:
            norm: Tensor = vector.norm()
            return norm
        return self.sum(vector.norm().double().square()).sqrt().to(vector)

    def has_nonzero(self, vector: Tensor) -> bool:
        """Return whether any element is greater or less than 0; NaN is neither."""
        return bool(self.sum((vector.abs().max() > 0).float()) > 0)

    def is_finite(self, vector: Tensor) -> bool:
        """Return whether all elements are finite."""
        return bool(self.sum((~vector.isfinite()).any().float()) == 0)


WHOLE = InnerProduct()
"""The inner product of vectors that this process has completely."""
