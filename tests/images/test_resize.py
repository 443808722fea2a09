"""Resizing: the aspect ratio, means, no aliasing, and the range."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from barestyle.images import resize, target_size


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(1, 4000))
def test_the_long_side_is_exact_and_the_other_is_proportional(height: int, width: int, long_side: int) -> None:
    h, w = target_size(height, width, long_side)
    assert max(h, w) == long_side
    assert abs(h * width - w * height) <= max(height, width) / 2 or min(h, w) == 1


def test_a_flat_image_stays_flat_and_the_mean_is_preserved() -> None:
    flat = torch.full((1, 3, 31, 47), 0.3)
    torch.testing.assert_close(resize(flat, 20, 90), torch.full((1, 3, 20, 90), 0.3))
    noise = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 0.5 + 0.25
    assert abs(float(resize(noise, 8, 8).mean() - noise.mean())) < 0.01


def test_reducing_does_not_alias() -> None:
    """A one-pixel checkerboard becomes its mean, not a coarser pattern."""
    board = ((torch.arange(64)[:, None] + torch.arange(64)) % 2).float().expand(1, 3, 64, 64)
    inner = resize(board, 16, 16)[..., 2:-2, 2:-2]
    torch.testing.assert_close(inner, torch.full_like(inner, 0.5), rtol=0, atol=0.02)


def test_values_stay_in_range_and_the_same_size_returns_the_input() -> None:
    edges = (torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0)) > 0.5).float()
    enlarged = resize(edges, 61, 61)
    assert float(enlarged.min()) >= 0
    assert float(enlarged.max()) <= 1
    assert resize(edges, 16, 16) is edges
