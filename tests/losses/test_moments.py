"""Moments against NumPy, their sums, their mixtures, and their gradient."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from barestyle.losses.moments import MomentAccumulator, compute_moments


def draw_features(channels: int, height: int, width: int, seed: int, dtype: torch.dtype = torch.float64) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(1, channels, height, width, generator=generator, dtype=torch.float64)
    return values.to(dtype).contiguous(memory_format=torch.channels_last)


@given(st.integers(1, 6), st.integers(1, 7), st.integers(1, 7), st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_mean_and_covariance_equal_numpys(channels: int, height: int, width: int, seed: int) -> None:
    maps = draw_features(channels, height, width, seed)
    actual = compute_moments(maps)
    columns = maps[0].flatten(1).numpy()
    np.testing.assert_allclose(actual.mean, columns.mean(1), atol=1e-12)
    np.testing.assert_allclose(actual.covariance, np.cov(columns, bias=True).reshape(channels, channels), atol=1e-12)


@given(st.integers(1, 6), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_moments_of_an_image_are_the_sums_of_those_of_its_parts(cut: int, seed: int) -> None:
    maps = draw_features(3, 5, 7, seed)
    whole = compute_moments(maps)
    parts = compute_moments(maps[..., :cut]) + compute_moments(maps[..., cut:])
    assert parts.pixels == whole.pixels
    torch.testing.assert_close(parts.first, whole.first)
    torch.testing.assert_close(parts.second, whole.second)


def test_the_backward_pass_passes_gradcheck() -> None:
    maps = draw_features(3, 4, 5, seed=0).requires_grad_(True)
    assert torch.autograd.gradcheck(lambda x: tuple(compute_moments(x)[1:]), (maps,))


def test_low_precision_features_are_summed_in_float32() -> None:
    """In bfloat16 itself a sum of 65536 ones would stop at 256."""
    actual = compute_moments(torch.ones(1, 2, 256, 256, dtype=torch.bfloat16))
    assert actual.second.dtype == actual.first.dtype == torch.float32
    assert actual.second.tolist() == [[65536.0] * 2] * 2
    assert actual.first.tolist() == [65536.0] * 2


@pytest.mark.parametrize("is_weighted", [False, True])
def test_an_accumulator_sums_weighted_pixels(is_weighted: bool) -> None:
    maps = draw_features(4, 6, 5, seed=1)
    weights = torch.rand(6, 5, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    weights[:2] = 0
    accumulator = MomentAccumulator(4, like=maps)
    for top, bottom in ((0, 1), (1, 4), (4, 6)):
        accumulator.add(maps[:, :, top:bottom], weights[top:bottom] if is_weighted else None)
    w = weights.flatten() if is_weighted else torch.ones(30, dtype=torch.float64)
    rows = maps[0].flatten(1)
    assert accumulator.moments.pixels == pytest.approx(float(w.sum()))
    torch.testing.assert_close(accumulator.moments.first, rows @ w)
    torch.testing.assert_close(accumulator.moments.second, (rows * w) @ rows.T)
