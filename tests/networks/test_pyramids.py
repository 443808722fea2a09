"""Pyramids: sizes, OpenCV-like averages, and exact reconstruction at odd sizes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import correlate1d

from barestyle.networks.pyramids import build_gaussian_pyramid, build_laplacian_pyramid, upsample

SIZES = [(64, 64), (53, 37), (101, 48)]


def picture(height: int, width: int) -> torch.Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_each_gaussian_level_is_half_as_large(height: int, width: int) -> None:
    sizes = [level.shape[-2:] for level in build_gaussian_pyramid(picture(height, width), 4)]
    assert [tuple(size) for size in sizes] == [(height >> i, width >> i) for i in range(4)]


def test_a_reduction_is_burt_and_adelsons_kernel_and_a_two_by_two_mean() -> None:
    image = picture(16, 20)
    kernel = np.array([1, 4, 6, 4, 1]) / 16
    blurred = correlate1d(correlate1d(image[0].numpy(), kernel, 1, mode="mirror"), kernel, 2, mode="mirror")
    expected = blurred.reshape(3, 8, 2, 10, 2).mean((2, 4))
    np.testing.assert_allclose(build_gaussian_pyramid(image, 2)[1][0], expected, atol=1e-7)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_the_laplacian_levels_add_up_to_the_image(height: int, width: int) -> None:
    image = picture(height, width)
    levels = build_laplacian_pyramid(image, 4)
    rebuilt = levels[-1]
    for band in reversed(levels[:-1]):
        rebuilt = band + upsample(rebuilt, band)
    torch.testing.assert_close(rebuilt, image)


def test_a_flat_picture_has_empty_bands() -> None:
    bands = build_laplacian_pyramid(torch.full((1, 3, 48, 40), 0.3, dtype=torch.float64), 4)
    for band in bands[:-1]:
        torch.testing.assert_close(band, torch.zeros_like(band), rtol=0, atol=1e-7)
    torch.testing.assert_close(bands[-1], torch.full_like(bands[-1], 0.3), rtol=0, atol=1e-6)
