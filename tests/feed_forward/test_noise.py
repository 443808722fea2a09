"""The noise of the network: its formula, its scales, and its independence of tiles."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch

from barestyle.feed_forward.noise import PERIOD, PLANES, WAVES, build_waves, compute_noise


def test_each_plane_is_the_sum_of_its_waves() -> None:
    noise, waves = compute_noise(7, 9, top=30, left=500), build_waves()
    rows = torch.arange(30, 37, dtype=torch.float64)[:, None, None]
    columns = torch.arange(500, 509, dtype=torch.float64)[None, :, None]
    for plane in range(PLANES):
        down, across, phase = (values[plane * WAVES : (plane + 1) * WAVES].double() for values in waves)
        angles = (rows * down + columns * across + phase) * (2 * math.pi / PERIOD)
        expected = math.sqrt(2 / WAVES) * angles.cos().sum(2)
        torch.testing.assert_close(noise[plane].double(), expected, atol=1e-5, rtol=0)


def test_a_part_is_that_of_the_whole() -> None:
    whole = compute_noise(40, 50, top=100, left=20)
    assert torch.equal(compute_noise(10, 20, top=105, left=30), whole[:, 5:15, 10:30])
    assert torch.equal(compute_noise(40, 50, top=100 + PERIOD, left=20 + 3 * PERIOD), whole)


def test_planes_have_a_variance_of_one_and_double_lengths() -> None:
    """A wave of length l has |gradient|^2 of (2 pi / l)^2 times its variance."""
    noise = compute_noise(PERIOD, PERIOD)
    torch.testing.assert_close(noise.var((1, 2), correction=0), torch.ones(PLANES), atol=0.01, rtol=0)
    assert float(noise.mean((1, 2)).abs().max()) < 1e-4
    slopes = [
        float((plane - plane.roll(1, 0)).square().mean() + (plane - plane.roll(1, 1)).square().mean()) ** 0.5
        for plane in noise
    ]
    for fine, coarse in pairwise(slopes[1:]):
        assert fine / coarse == pytest.approx(2, rel=0.15)


def test_waves_go_in_all_directions() -> None:
    """Of each plane: among every quarter of a half-turn."""
    waves = build_waves()
    turns = torch.atan2(waves.down.float(), waves.across.float()) / math.pi
    for plane in turns.view(PLANES, WAVES):
        assert set((plane * 4).floor().int().tolist()) >= {0, 1, 2, 3}
