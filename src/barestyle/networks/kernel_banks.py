"""Hand-made first layers: banks of 2x2 kernels, expanded to RGB by four strategies (paper section 6.2)."""

from __future__ import annotations

from itertools import product

import torch
from torch import Tensor

_LINES = (((-1, -1), (1, 1)), ((1, 1), (-1, -1)), ((1, -1), (1, -1)), ((-1, 1), (-1, 1)))
_FLATS = (((1, 1), (1, 1)), ((-1, -1), (-1, -1)))
_DIAGONALS = (((0, -1), (1, 0)), ((0, 1), (-1, 0)))

BASIC_SETS = {1: _LINES, 2: _LINES + _FLATS, 3: _LINES + _FLATS + _DIAGONALS}
"""Single-channel kernels of each basic set, in units of the magnitude a (paper section 6.2)."""

_ON_OFF = tuple(product((0, 1), repeat=3))
STRATEGIES = {
    1: ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    2: tuple(channels for channels in _ON_OFF if any(channels)),
    3: tuple(product((-1, 1), repeat=3)),
    4: _ON_OFF,
}
"""For each strategy the factors of red, green and blue in each RGB filter that is made of one kernel."""


def build_bank(basic_set: int, strategy: int, magnitude: float) -> Tensor:
    """Return the RGB filters of a basic set and strategy, shape (filters, 3, 2, 2), kernel by kernel."""
    kernels = torch.tensor(BASIC_SETS[basic_set], dtype=torch.float32)
    colors = torch.tensor(STRATEGIES[strategy], dtype=torch.float32)
    filters = torch.einsum("kij,sc->kscij", kernels, colors) * magnitude
    return filters.flatten(0, 1)
