"""Samples as arrays are treated as tensors are."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from barestyle.images import resize
from barestyle.images.sample_resizing import resize_samples
from barestyle.images.samples import to_levels
from barestyle.images.write import to_samples


@pytest.mark.parametrize("size", [(20, 31), (17, 90), (120, 60), (57, 43), (40, 61)])
def test_samples_are_resized_as_tensors_are(size: tuple[int, int]) -> None:
    values = np.random.default_rng(0).random((57, 43, 3), np.float32)
    expected = resize(torch.from_numpy(values).permute(2, 0, 1)[None], *size)
    resized = torch.from_numpy(resize_samples(values, *size)).permute(2, 0, 1)[None]
    torch.testing.assert_close(resized, expected, atol=1e-5, rtol=0)


def test_samples_stay_in_range() -> None:
    edge = np.zeros((8, 8, 1), np.float32)
    edge[:, 4:] = 1
    resized = resize_samples(edge, 30, 30)
    assert resized.shape == (30, 30, 1)
    assert (resized.min(), resized.max()) == (0, 1)


@pytest.mark.parametrize("bits", [8, 16])
def test_levels_are_rounded_as_tensors_are(bits: int) -> None:
    values = np.random.default_rng(1).random((9, 7, 3), np.float32) * 1.2 - 0.1
    values[0, 0] = (0.5 / 255, 1.5 / 255, 2.5 / 65535)
    expected = to_samples(torch.from_numpy(values).permute(2, 0, 1)[None], None, bits)
    levels = to_levels(values, bits)
    assert levels.dtype == expected.dtype
    assert np.array_equal(levels, expected)
