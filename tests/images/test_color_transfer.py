"""Color transfer: preserved luminance and chroma are exact, matched colors have the reference's statistics."""

from __future__ import annotations

import itertools

import numpy as np
import ot
import pytest
import torch
from skimage import exposure
from torch import Tensor

from barestyle.images import color_transfer
from barestyle.spec.colors import Method, Space


def correlated_colors(height: int, width: int, seed: int, low: float = 0.2, high: float = 0.8) -> Tensor:
    """Return an image whose channels are correlated, so that the covariance is not diagonal."""
    random = torch.Generator().manual_seed(seed)
    plain = torch.rand(3, height, width, generator=random, dtype=torch.float64)
    mixing = torch.rand(3, 3, generator=random, dtype=torch.float64) + torch.eye(3)
    mixed = torch.einsum("ij,jhw->ihw", mixing / mixing.sum(1, keepdim=True), plain)
    return (low + (high - low) * mixed)[None]


def test_luminance_is_replaced_and_chroma_preserved() -> None:
    pixels, y = correlated_colors(20, 30, 1, 0.4, 0.6), 0.45 + 0.1 * torch.rand(1, 1, 20, 30, dtype=torch.float64)
    result = color_transfer.replace_luminance(pixels, y)
    torch.testing.assert_close(color_transfer.luminance(result), y)
    torch.testing.assert_close(result - color_transfer.luminance(result), pixels - color_transfer.luminance(pixels))


def test_luminance_is_right_even_where_chroma_must_shrink() -> None:
    pixels = torch.rand(1, 3, 40, 40, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    y = torch.rand(1, 1, 40, 40, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    result = color_transfer.replace_luminance(pixels, y)
    assert float(result.min()) >= 0
    assert float(result.max()) <= 1
    torch.testing.assert_close(color_transfer.luminance(result), y)


def test_replacing_luminance_by_itself_changes_nothing() -> None:
    pixels = torch.rand(1, 3, 40, 40, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    torch.testing.assert_close(color_transfer.replace_luminance(pixels, color_transfer.luminance(pixels)), pixels)


def test_matched_luminance_has_the_references_mean_and_deviation() -> None:
    pixels, reference = correlated_colors(20, 30, 1, 0.4, 0.6), correlated_colors(15, 18, 2, 0.3, 0.7)
    result = color_transfer.match_luminance(pixels, reference)
    expected = color_transfer.luminance(reference)
    assert float(result.mean()) == pytest.approx(float(expected.mean()))
    assert float(result[:, 0].std(unbiased=False)) == pytest.approx(float(expected.std(unbiased=False)))
    assert bool((result[:, 0] == result[:, 2]).all())


@pytest.mark.parametrize("space", ["linear-rgb", "lab"])
def test_matched_colors_have_the_references_statistics(space: Space) -> None:
    pixels, reference = correlated_colors(40, 30, 1, 0.35, 0.65), correlated_colors(35, 28, 2, 0.4, 0.6)
    result = color_transfer.to_space(color_transfer.match_colors(pixels, reference, space=space), space)
    expected = color_transfer.to_space(reference, space)
    assert result.mean(0) == pytest.approx(expected.mean(0), rel=1e-4, abs=1e-4)
    assert np.cov(result.T) == pytest.approx(np.cov(expected.T), rel=2e-3, abs=1e-5)


def test_the_linear_map_is_the_optimal_transport_of_gaussians() -> None:
    """Against POT."""
    pixels, reference = correlated_colors(40, 30, 1, 0.35, 0.65), correlated_colors(35, 28, 2, 0.4, 0.6)
    source, target = (color_transfer.to_space(image, "linear-rgb") for image in (pixels, reference))
    mapping, shift = ot.gaussian.empirical_bures_wasserstein_mapping(source, target, reg=1e-9)
    expected = source @ mapping + shift
    result = color_transfer.to_space(color_transfer.match_colors(pixels, reference), "linear-rgb")
    assert result == pytest.approx(expected, abs=2e-4)


def test_matching_an_image_to_itself_changes_nothing() -> None:
    pixels = correlated_colors(40, 30, 1)
    for method, space in itertools.product(("mean-covariance", "histogram"), ("linear-rgb", "lab")):
        result = color_transfer.match_colors(pixels, pixels, method=method, space=space)  # type: ignore[arg-type]
        torch.testing.assert_close(result, pixels, atol=2e-3, rtol=0)


def test_histograms_equal_the_references() -> None:
    """Against scikit-image, for distinct values."""
    pixels, reference = correlated_colors(40, 30, 1), correlated_colors(40, 30, 2)
    source, target = (color_transfer.to_space(image, "linear-rgb") for image in (pixels, reference))
    expected = np.stack([exposure.match_histograms(source[:, i], target[:, i]) for i in range(3)], 1)
    result = color_transfer.to_space(color_transfer.match_colors(pixels, reference, method="histogram"), "linear-rgb")
    assert result == pytest.approx(expected, abs=1e-3)
    assert np.sort(result, 0) == pytest.approx(np.sort(target, 0), abs=1e-6)


def test_masked_pixels_do_not_count() -> None:
    """Half an image, masked, is mapped as it would be alone."""
    left, right, reference = correlated_colors(20, 30, 1), correlated_colors(20, 25, 2), correlated_colors(30, 30, 3)
    both = torch.cat((left, right), 3)
    mask = torch.zeros(1, 1, 20, 55)
    mask[..., :30] = 1
    for method in ("mean-covariance", "histogram"):
        result = color_transfer.match_colors(both, reference, method=method, mask=mask)
        alone = color_transfer.match_colors(left, reference, method=method)
        torch.testing.assert_close(result[..., :30], alone)
    gray = color_transfer.match_luminance(both, reference, mask)
    torch.testing.assert_close(gray[..., :30], color_transfer.match_luminance(left, reference))


@pytest.mark.parametrize("method", ["mean-covariance", "histogram"])
def test_images_of_one_color(method: Method) -> None:
    plain = torch.full((1, 3, 8, 9), 0.25, dtype=torch.float64)
    other = correlated_colors(20, 30, 1)
    assert bool(color_transfer.match_colors(plain, other, method=method).isfinite().all())
    result = color_transfer.match_colors(other, plain, method=method)
    torch.testing.assert_close(result, torch.full_like(result, 0.25), atol=5e-3, rtol=0)
    assert bool(color_transfer.match_luminance(plain, other).isfinite().all())
