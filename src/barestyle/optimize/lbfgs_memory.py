"""The memory of L-BFGS and the direction it gives, in the compact form.

Byrd, Nocedal & Schnabel 1994 (doi:10.1007/BF01582063), theorem 2.2: what the two-loop recursion (Nocedal & Wright 2006,
algorithm 7.4) does vector by vector, two matrix products do, and the rest is algebra on a few numbers.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

CURVATURE_FLOOR = 1e-10
"""Pairs with a smaller yᵀs are not kept, as in torch.optim.LBFGS."""

BLOCK = 16_384
"""Numbers of a vector that lie side by side, and whose products are summed in the vectors' own precision."""


class LBFGSMemory:
    """The last `size` pairs of step s and change of gradient y, flat vectors, with H₀ = (yᵀs / yᵀy) I.

    The vectors lie in one tensor, (blocks, 2 · size, BLOCK); rows 2i and 2i + 1 are the pair in slot i, and the newest
    replaces the oldest. Products of vectors are summed over blocks in float64, on the CPU, where the small systems
    are solved.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._vectors: Tensor | None = None
        self._order: list[int] = []
        self._steps_changes = torch.zeros(size, size, dtype=torch.float64)
        self._changes_changes = torch.zeros(size, size, dtype=torch.float64)
        self._is_measured = True

    def add(self, step: Tensor, change: Tensor) -> None:
        """Remember a pair, unless its curvature is not positive."""
        if not float(change.dot(step)) > CURVATURE_FLOOR:
            return
        if not self._is_measured:  # nobody asked for a direction since the last pair came
            self._measure(self._products([self._newest_change()])[:, 0])
        if self._vectors is None:
            blocks = -(-step.numel() // BLOCK)
            self._vectors = step.new_empty(blocks, 2 * self.size, BLOCK)
        slot = len(self._order) if len(self._order) < self.size else self._order.pop(0)
        self._order.append(slot)
        self._vectors[:, 2 * slot] = _blocks(step)
        self._vectors[:, 2 * slot + 1] = _blocks(change)
        self._is_measured = False

    def __bool__(self) -> bool:
        """Whether it holds any pair."""
        return bool(self._order)

    def clear(self) -> None:
        """Forget everything: the next direction is steepest descent."""
        self._order.clear()
        self._is_measured = True

    def state(self) -> dict[str, Any]:
        """Tensors and numbers from which `restored` makes the same history; the vectors are this one's own."""
        return {
            "size": self.size,
            "order": list(self._order),
            "is_measured": self._is_measured,
            "steps_changes": self._steps_changes,
            "changes_changes": self._changes_changes,
            # Slots are filled from the first on, so those in use lie in front.
            "vectors": None if self._vectors is None else self._used(),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any], device: torch.device) -> LBFGSMemory:
        """The history of a state, its vectors on a device."""
        history = cls(state["size"])
        history._order = list(state["order"])
        history._is_measured = state["is_measured"]
        history._steps_changes = state["steps_changes"].clone()
        history._changes_changes = state["changes_changes"].clone()
        vectors = state["vectors"]
        if vectors is not None:
            history._vectors = torch.empty(
                vectors.shape[0], 2 * history.size, BLOCK, dtype=vectors.dtype, device=device
            )
            history._vectors[:, : vectors.shape[1]] = vectors.to(device)
        return history

    def direction(self, gradient: Tensor) -> Tensor:
        """-H · gradient."""
        if not self._order:
            return gradient.neg()
        blocks = _blocks(gradient)
        products = self._products([blocks] if self._is_measured else [blocks, self._newest_change()])
        if not self._is_measured:
            self._measure(products[:, 1])
        scale, weights = self._weights(products[:, 0])
        used = self._used()
        weights = weights.to(used).view(1, 1, -1).expand(used.shape[0], 1, -1)
        direction = torch.baddbmm(blocks.unsqueeze(1), weights, used, beta=-scale, alpha=-1)
        return direction.view(-1)[: gradient.numel()]

    def _used(self) -> Tensor:
        """The vectors there are, (blocks, 2 · pairs, BLOCK)."""
        assert self._vectors is not None
        return self._vectors[:, : 2 * len(self._order)]

    def _newest_change(self) -> Tensor:
        assert self._vectors is not None
        return self._vectors[:, 2 * self._order[-1] + 1]

    def _products(self, blocks: list[Tensor]) -> Tensor:
        """Every kept vector times these, each (blocks, BLOCK): (2 · pairs, vectors)."""
        by_block = torch.bmm(torch.stack(blocks, dim=1), self._used().transpose(1, 2))
        # In float64 only off the device, as not every device has it; the numbers are few.
        return by_block.cpu().double().sum(0).T

    def _measure(self, products: Tensor) -> None:
        """Note the newest change's products, (2 · pairs,), with all vectors."""
        slot, used = self._order[-1], len(self._order)
        with_steps, with_changes = products[0::2], products[1::2]
        self._steps_changes[:used, slot] = with_steps
        self._changes_changes[:used, slot] = with_changes
        self._changes_changes[slot, :used] = with_changes
        self._is_measured = True

    def _weights(self, products: Tensor) -> tuple[float, Tensor]:
        """γ of H₀, and what each vector adds to H · gradient, from the vectors' products with the gradient."""
        order = torch.tensor(self._order)
        of_steps, of_changes = products[0::2][order], products[1::2][order]
        R = self._steps_changes[order][:, order].triu()
        changes = self._changes_changes[order][:, order]
        curvature = R.diagonal()
        scale = float(curvature[-1] / changes[-1, -1])
        p = torch.linalg.solve_triangular(R, of_steps.unsqueeze(1), upper=True)
        rest = scale * (changes @ p - of_changes.unsqueeze(1))
        # Products of gradients beyond 1e19 overflow; γ is then 0, and so is what it multiplies, not NaN.
        middle = curvature.unsqueeze(1) * p + (rest if bool(rest.isfinite().all()) else 0)
        q = torch.linalg.solve_triangular(R.T, middle, upper=False)
        weights = torch.empty(len(self._order), 2, dtype=torch.float64)
        weights[order] = torch.cat((q, -scale * p), dim=1)
        return scale, weights.flatten()


def _blocks(vector: Tensor) -> Tensor:
    """A flat vector as (blocks, BLOCK), filled up with zeros; a view where there is nothing to fill."""
    lack = -vector.numel() % BLOCK
    return (F.pad(vector, (0, lack)) if lack else vector).view(-1, BLOCK)
