"""The memory of L-BFGS and the direction it gives (Nocedal & Wright 2006, algorithm 7.4)."""

from __future__ import annotations

from collections import deque

import torch
from torch import Tensor

CURVATURE_FLOOR = 1e-10
"""Pairs with a smaller yᵀs are not kept, as in torch.optim.LBFGS."""


class History:
    """The last `size` pairs of step s and change of gradient y, flat vectors, with H₀ = (yᵀs / yᵀy) I."""

    def __init__(self, size: int) -> None:
        self._pairs: deque[tuple[Tensor, Tensor, Tensor]] = deque(maxlen=size)
        self._scale: float | Tensor = 1.0

    def add(self, step: Tensor, change: Tensor) -> None:
        """Remember a pair, unless its curvature is not positive."""
        curvature = change.dot(step)
        if curvature > CURVATURE_FLOOR:
            self._pairs.append((step, change, 1.0 / curvature))
            self._scale = curvature / change.dot(change)

    def __bool__(self) -> bool:
        """Whether it holds any pair."""
        return bool(self._pairs)

    def clear(self) -> None:
        """Forget everything: the next direction is steepest descent."""
        self._pairs.clear()
        self._scale = 1.0

    def direction(self, gradient: Tensor) -> Tensor:
        """-H · gradient, by the two-loop recursion."""
        q = gradient.neg()
        factors: list[Tensor] = []
        for step, change, inverse in reversed(self._pairs):
            factor = step.dot(q) * inverse
            q.add_(change, alpha=-float(factor))
            factors.append(factor)
        r = torch.mul(q, self._scale)
        for (step, change, inverse), factor in zip(self._pairs, reversed(factors), strict=True):
            r.add_(step, alpha=float(factor - change.dot(r) * inverse))
        return r
