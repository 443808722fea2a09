"""Noise for the network: without it, an even sky would get no strokes (compare Ulyanov et al. 2016, arXiv:1603.03417).

Each plane of noise is a sum of plane waves of about one length. It depends on the position only, so that a picture is
the same each time and in tiles of every size, and a frame of a video has the noise of the one before. All waves repeat
after PERIOD cells, and phases are whole steps of it: sums and products are exact, and every program finds the same
numbers.
"""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

PERIOD = 512
"""Cells after which the noise repeats; at a quarter of the size, 2048 pixels."""

PLANES = 4

WAVES = 12
"""Of a plane."""

SHORTEST_WAVE = 3.0
"""Cells; that of each further plane is twice as long."""

SPREAD = 0.7
"""Range of the logarithms of a plane's wave lengths."""

AMPLITUDE = (2 / WAVES) ** 0.5
"""Gives each plane a variance of 1."""


class Waves(NamedTuple):
    """Cycles in PERIOD down and across, and phase in steps of 1 / PERIOD of a cycle, (PLANES * WAVES,) each."""

    down: Tensor
    across: Tensor
    phase: Tensor


@cache
def build_waves() -> Waves:
    """Return the waves; multiples of irrational numbers spread their directions, lengths and phases evenly."""
    rows = []
    for number in range(PLANES * WAVES):
        direction = math.pi * _fraction(number * (math.sqrt(5) - 1) / 2)
        length = SHORTEST_WAVE * 2 ** (number // WAVES) * math.exp(SPREAD * (_fraction(number * math.sqrt(2)) - 0.5))
        cycles = PERIOD / length
        phase = PERIOD * _fraction(number * math.sqrt(3))
        rows.append((round(cycles * math.sin(direction)), round(cycles * math.cos(direction)), round(phase)))
    return Waves(*torch.tensor(rows).unbind(1))


@cache
def build_cosines() -> Tensor:
    """Return the cosine of each step of a cycle, (PERIOD,)."""
    return torch.cos(torch.arange(PERIOD, dtype=torch.float64) * (2 * math.pi / PERIOD)).float()


def compute_noise(height: int, width: int, top: int = 0, left: int = 0) -> Tensor:
    """Return the noise of a part of a map, (PLANES, height, width), whose first cell is in row `top`, column `left`."""
    waves, cosines = build_waves(), build_cosines()
    down = ((top + torch.arange(height))[:, None] * waves.down + waves.phase) % PERIOD
    across = ((left + torch.arange(width))[:, None] * waves.across) % PERIOD
    # cos(a + b) = cos a cos b - sin a sin b: a product of two small matrices for each plane.
    rows = _stack(cosines[down], -cosines[(down - PERIOD // 4) % PERIOD])
    columns = _stack(cosines[across], cosines[(across - PERIOD // 4) % PERIOD])
    noise: Tensor = AMPLITUDE * (rows @ columns.transpose(1, 2))
    return noise


def _stack(cosines: Tensor, sines: Tensor) -> Tensor:
    """Return (PLANES, n, 2 * WAVES) of two (n, PLANES * WAVES)."""
    planes = [values.view(-1, PLANES, WAVES).transpose(0, 1) for values in (cosines, sines)]
    return torch.cat(planes, dim=2)


def _fraction(value: float) -> float:
    return value - math.floor(value)
