"""Moments against NumPy, their additivity, and their gradient."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from barestyle.losses.moments import moments


def features(channels: int, height: int, width: int, seed: int, dtype: torch.dtype = torch.float64) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(1, channels, height, width, generator=generator, dtype=torch.float64)
    return values.to(dtype).contiguous(memory_format=torch.channels_last)


@given(st.integers(1, 6), st.integers(1, 7), st.integers(1, 7), st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_mean_and_covariance_equal_numpys(channels: int, height: int, width: int, seed: int) -> None:
    maps = features(channels, height, width, seed)
    found = moments(maps)
    columns = maps[0].flatten(1).numpy()
    np.testing.assert_allclose(found.mean, columns.mean(1), atol=1e-12)
    np.testing.assert_allclose(found.covariance, np.cov(columns, bias=True).reshape(channels, channels), atol=1e-12)


@given(st.integers(1, 6), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_moments_of_a_picture_are_the_sums_of_its_parts(cut: int, seed: int) -> None:
    maps = features(3, 5, 7, seed)
    whole = moments(maps)
    parts = moments(maps[..., :cut]) + moments(maps[..., cut:])
    assert parts.pixels == whole.pixels
    torch.testing.assert_close(parts.first, whole.first)
    torch.testing.assert_close(parts.second, whole.second)


def test_the_one_product_backward_passes_gradcheck() -> None:
    maps = features(3, 4, 5, seed=0).requires_grad_(True)
    assert torch.autograd.gradcheck(lambda x: tuple(moments(x)[1:]), (maps,))


def test_low_precision_features_are_summed_in_float32() -> None:
    """In bfloat16 itself a sum of 65536 ones would stop at 256."""
    found = moments(torch.ones(1, 2, 256, 256, dtype=torch.bfloat16))
    assert found.second.dtype == found.first.dtype == torch.float32
    assert found.second.tolist() == [[65536.0] * 2] * 2
    assert found.first.tolist() == [65536.0] * 2
