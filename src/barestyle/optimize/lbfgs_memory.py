"""The memory of L-BFGS and the direction that it gives, in the compact form.

Byrd, Nocedal & Schnabel 1994 (doi:10.1007/BF01582063), theorem 2.2: two matrix products replace the vector operations
of the two-loop recursion (Nocedal & Wright 2006, algorithm 7.4), and the rest is algebra on a few numbers.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from barestyle.optimize.inner_product import WHOLE, InnerProduct

CURVATURE_FLOOR = 1e-10
"""Pairs with a smaller yᵀs are not stored, as in torch.optim.LBFGS."""

BLOCK = 16_384
"""Contiguous numbers of a vector, whose products are summed in the vectors' own precision."""


BLOCKS_AT_ONCE = 256
"""Blocks that are multiplied at the same time: a copy of whole vectors would be much memory for large images."""


class LBFGSMemory:
    """The last `size` pairs of step s and change of gradient y, flat vectors, with H₀ = (yᵀs / yᵀy) I.

    All vectors are in one tensor, (blocks, 2 · size, BLOCK); rows 2i and 2i + 1 are the pair in slot i, and the newest
    pair replaces the oldest. Products of vectors are summed over blocks in float64, on the CPU, where the small systems
    of equations are solved. If an image is split among processes, each has its part of every vector.
    """

    def __init__(self, size: int, inner: InnerProduct = WHOLE) -> None:
        self.size = size
        self._inner = inner
        self._vectors: Tensor | None = None
        self._order: list[int] = []
        """Slots in use, oldest first."""
        self._steps_changes = torch.zeros(size, size, dtype=torch.float64)
        self._changes_changes = torch.zeros(size, size, dtype=torch.float64)
        self._has_newest_products = True
        """Whether the two matrices above contain the products with the newest change."""

    def add(self, step: Tensor, change: Tensor) -> None:
        """Store a pair, unless its curvature is not positive."""
        if not self._inner(change, step) > CURVATURE_FLOOR:
            return
        if not self._has_newest_products:  # no direction was computed since the last pair
            self._store_newest_products(self._multiply_vectors([self._newest_change()])[:, 0])
        if self._vectors is None:
            blocks = -(-step.numel() // BLOCK)
            self._vectors = step.new_empty(blocks, 2 * self.size, BLOCK)
        slot = len(self._order) if len(self._order) < self.size else self._order.pop(0)
        self._order.append(slot)
        self._vectors[:, 2 * slot] = split_into_blocks(step)
        self._vectors[:, 2 * slot + 1] = split_into_blocks(change)
        self._has_newest_products = False

    def __bool__(self) -> bool:
        """Return whether there are any pairs."""
        return bool(self._order)

    def clear(self) -> None:
        """Remove all pairs; the next direction is steepest descent."""
        self._order.clear()
        self._has_newest_products = True

    def state(self) -> dict[str, Any]:
        """Return tensors and numbers for `from_state`; the vectors share this object's memory."""
        return {
            "size": self.size,
            "order": list(self._order),
            "has_newest_products": self._has_newest_products,
            "steps_changes": self._steps_changes,
            "changes_changes": self._changes_changes,
            "vectors": None if self._vectors is None else self._vectors_in_use(),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any], device: torch.device, inner: InnerProduct = WHOLE) -> LBFGSMemory:
        """Return the memory of a state, with its vectors on a device."""
        memory = cls(state["size"], inner)
        memory._order = list(state["order"])
        memory._has_newest_products = state["has_newest_products"]
        memory._steps_changes = state["steps_changes"].clone()
        memory._changes_changes = state["changes_changes"].clone()
        vectors = state["vectors"]
        if vectors is not None:
            memory._vectors = torch.empty(vectors.shape[0], 2 * memory.size, BLOCK, dtype=vectors.dtype, device=device)
            memory._vectors[:, : vectors.shape[1]] = vectors.to(device)
        return memory

    def compute_direction(self, gradient: Tensor) -> Tensor:
        """Return -H · gradient for a flat gradient."""
        if not self._order:
            return gradient.neg()
        blocks = split_into_blocks(gradient)
        vectors = [blocks] if self._has_newest_products else [blocks, self._newest_change()]
        products = self._multiply_vectors(vectors)
        if not self._has_newest_products:
            self._store_newest_products(products[:, 1])
        scale, weights = self._solve_weights(products[:, 0])
        stored = self._vectors_in_use()
        weights = weights.to(stored).view(1, 1, -1).expand(stored.shape[0], 1, -1)
        direction = torch.baddbmm(blocks.unsqueeze(1), weights, stored, beta=-scale, alpha=-1)
        return direction.view(-1)[: gradient.numel()]

    def _vectors_in_use(self) -> Tensor:
        """Return the vectors of all pairs, (blocks, 2 · pairs, BLOCK), a view: slots are filled from the first on."""
        assert self._vectors is not None
        return self._vectors[:, : 2 * len(self._order)]

    def _newest_change(self) -> Tensor:
        assert self._vectors is not None
        return self._vectors[:, 2 * self._order[-1] + 1]

    def _multiply_vectors(self, vectors: list[Tensor]) -> Tensor:
        """Return the products of all vectors in use with these, each (blocks, BLOCK): (2 · pairs, len(vectors))."""
        stored = self._vectors_in_use()
        by_block = []
        for start in range(0, len(stored), BLOCKS_AT_ONCE):
            blocks = slice(start, start + BLOCKS_AT_ONCE)
            products = torch.bmm(torch.stack([each[blocks] for each in vectors], 1), stored[blocks].transpose(1, 2))
            # Converted to float64 on the CPU, as not every device has it; the numbers are few.
            by_block.append(products.cpu().double())
        return self._inner.sum(torch.cat(by_block).sum(0)).T

    def _store_newest_products(self, products: Tensor) -> None:
        """Store the newest change's products with all vectors, (2 · pairs,)."""
        slot, count = self._order[-1], len(self._order)
        with_steps, with_changes = products[0::2], products[1::2]
        self._steps_changes[:count, slot] = with_steps
        self._changes_changes[:count, slot] = with_changes
        self._changes_changes[slot, :count] = with_changes
        self._has_newest_products = True

    def _solve_weights(self, products: Tensor) -> tuple[float, Tensor]:
        """Return γ of H₀ and each vector's weight in H · gradient, from the vectors' products with the gradient."""
        order = torch.tensor(self._order)
        step_products, change_products = products[0::2][order], products[1::2][order]
        R = self._steps_changes[order][:, order].triu()
        changes = self._changes_changes[order][:, order]
        curvature = R.diagonal()
        scale = float(curvature[-1] / changes[-1, -1])
        p = torch.linalg.solve_triangular(R, step_products.unsqueeze(1), upper=True)
        rest = scale * (changes @ p - change_products.unsqueeze(1))
        # Products of gradients beyond 1e19 overflow; γ is then 0, and so is what it multiplies, not NaN.
        middle = curvature.unsqueeze(1) * p + (rest if bool(rest.isfinite().all()) else 0)
        q = torch.linalg.solve_triangular(R.T, middle, upper=False)
        weights = torch.empty(len(self._order), 2, dtype=torch.float64)
        weights[order] = torch.cat((q, -scale * p), dim=1)
        return scale, weights.flatten()


def split_into_blocks(vector: Tensor) -> Tensor:
    """Return a flat vector as (blocks, BLOCK), padded with zeros; a view if no padding is needed."""
    padding = -vector.numel() % BLOCK
    return (F.pad(vector, (0, padding)) if padding else vector).view(-1, BLOCK)


def join_blocks(blocks: Tensor, numel: int) -> Tensor:
    """Return vectors in blocks, (blocks, n, BLOCK), as flat ones, (n, numel), without the padding."""
    return blocks.transpose(0, 1).reshape(blocks.shape[1], -1)[:, :numel]
