"""Sizes: proportions, and resampling that keeps what it should."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from barestyle.images import resized, target_size


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(1, 4000))
def test_the_long_side_is_exact_and_the_other_in_proportion(height: int, width: int, long_side: int) -> None:
    h, w = target_size(height, width, long_side)
    assert max(h, w) == long_side
    assert abs(h * width - w * height) <= max(height, width) / 2 or min(h, w) == 1


def test_a_flat_picture_stays_flat_and_a_mean_stays() -> None:
    flat = torch.full((1, 3, 31, 47), 0.3)
    torch.testing.assert_close(resized(flat, 20, 90), torch.full((1, 3, 20, 90), 0.3))
    noise = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 0.5 + 0.25
    assert abs(float(resized(noise, 8, 8).mean() - noise.mean())) < 0.01


def test_shrinking_does_not_alias() -> None:
    """A one-pixel checkerboard becomes its mean, not a coarser pattern."""
    board = ((torch.arange(64)[:, None] + torch.arange(64)) % 2).float().expand(1, 3, 64, 64)
    inner = resized(board, 16, 16)[..., 2:-2, 2:-2]
    torch.testing.assert_close(inner, torch.full_like(inner, 0.5), rtol=0, atol=0.02)


def test_values_stay_in_range_and_the_same_size_is_the_same_picture() -> None:
    edges = (torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0)) > 0.5).float()
    enlarged = resized(edges, 61, 61)
    assert float(enlarged.min()) >= 0
    assert float(enlarged.max()) <= 1
    assert resized(edges, 16, 16) is edges
