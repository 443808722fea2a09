"""Colors: what is kept is kept exactly, what is matched has the statistics that it should."""

from __future__ import annotations

import itertools

import numpy as np
import ot
import pytest
import torch
from skimage import exposure
from torch import Tensor

from barestyle.images import color_transfer as color
from barestyle.spec.colors import Method, Space


def picture(height: int, width: int, seed: int, low: float = 0.2, high: float = 0.8) -> Tensor:
    """Colors that vary together, so that their covariance has something to it."""
    random = torch.Generator().manual_seed(seed)
    plain = torch.rand(3, height, width, generator=random, dtype=torch.float64)
    mixing = torch.rand(3, 3, generator=random, dtype=torch.float64) + torch.eye(3)
    mixed = torch.einsum("ij,jhw->ihw", mixing / mixing.sum(1, keepdim=True), plain)
    return (low + (high - low) * mixed)[None]


def test_luminance_is_replaced_and_chroma_kept() -> None:
    pixels, y = picture(20, 30, 1, 0.4, 0.6), 0.45 + 0.1 * torch.rand(1, 1, 20, 30, dtype=torch.float64)
    found = color.with_luminance(pixels, y)
    torch.testing.assert_close(color.luminance(found), y)
    torch.testing.assert_close(found - color.luminance(found), pixels - color.luminance(pixels))


def test_luminance_is_right_even_where_chroma_has_no_room() -> None:
    pixels = torch.rand(1, 3, 40, 40, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    y = torch.rand(1, 1, 40, 40, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    found = color.with_luminance(pixels, y)
    assert float(found.min()) >= 0
    assert float(found.max()) <= 1
    torch.testing.assert_close(color.luminance(found), y)


def test_a_picture_with_its_own_luminance_is_itself() -> None:
    pixels = torch.rand(1, 3, 40, 40, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    torch.testing.assert_close(color.with_luminance(pixels, color.luminance(pixels)), pixels)


def test_matched_luminance_has_the_others_mean_and_deviation() -> None:
    pixels, reference = picture(20, 30, 1, 0.4, 0.6), picture(15, 18, 2, 0.3, 0.7)
    found = color.luminance_matched(pixels, reference)
    wanted = color.luminance(reference)
    assert float(found.mean()) == pytest.approx(float(wanted.mean()))
    assert float(found[:, 0].std(unbiased=False)) == pytest.approx(float(wanted.std(unbiased=False)))
    assert bool((found[:, 0] == found[:, 2]).all())


@pytest.mark.parametrize("space", ["linear-rgb", "lab"])
def test_matched_colors_have_the_references_statistics(space: Space) -> None:
    pixels, reference = picture(40, 30, 1, 0.35, 0.65), picture(35, 28, 2, 0.4, 0.6)
    found = color._into(color.matched(pixels, reference, space=space), space)
    wanted = color._into(reference, space)
    assert found.mean(0) == pytest.approx(wanted.mean(0), rel=1e-4, abs=1e-4)
    assert np.cov(found.T) == pytest.approx(np.cov(wanted.T), rel=2e-3, abs=1e-5)


def test_the_linear_map_is_the_one_of_least_movement() -> None:
    """Against POT's, which solves the transport of one Gaussian to another."""
    pixels, reference = picture(40, 30, 1, 0.35, 0.65), picture(35, 28, 2, 0.4, 0.6)
    own, other = (color._into(one, "linear-rgb") for one in (pixels, reference))
    mapping, shift = ot.gaussian.empirical_bures_wasserstein_mapping(own, other, reg=1e-9)
    expected = own @ mapping + shift
    found = color._into(color.matched(pixels, reference), "linear-rgb")
    assert found == pytest.approx(expected, abs=2e-4)


def test_matching_a_picture_to_itself_changes_nothing() -> None:
    pixels = picture(40, 30, 1)
    for method, space in itertools.product(("mean-covariance", "histogram"), ("linear-rgb", "lab")):
        found = color.matched(pixels, pixels, method=method, space=space)  # type: ignore[arg-type]
        torch.testing.assert_close(found, pixels, atol=2e-3, rtol=0)


def test_histograms_become_the_references() -> None:
    """Against scikit-image's, on values that are all different."""
    pixels, reference = picture(40, 30, 1), picture(40, 30, 2)
    own, other = (color._into(one, "linear-rgb") for one in (pixels, reference))
    expected = np.stack([exposure.match_histograms(own[:, i], other[:, i]) for i in range(3)], 1)
    found = color._into(color.matched(pixels, reference, method="histogram"), "linear-rgb")
    assert found == pytest.approx(expected, abs=1e-3)
    assert np.sort(found, 0) == pytest.approx(np.sort(other, 0), abs=1e-6)


def test_only_what_a_mask_shows_is_measured() -> None:
    """Half a picture, masked, is mapped as it would be alone."""
    left, right, reference = picture(20, 30, 1), picture(20, 25, 2), picture(30, 30, 3)
    both = torch.cat((left, right), 3)
    mask = torch.zeros(1, 1, 20, 55)
    mask[..., :30] = 1
    for method in ("mean-covariance", "histogram"):
        found = color.matched(both, reference, method=method, mask=mask)
        alone = color.matched(left, reference, method=method)
        torch.testing.assert_close(found[..., :30], alone)
    gray = color.luminance_matched(both, reference, mask)
    torch.testing.assert_close(gray[..., :30], color.luminance_matched(left, reference))


@pytest.mark.parametrize("method", ["mean-covariance", "histogram"])
def test_pictures_of_one_color(method: Method) -> None:
    plain = torch.full((1, 3, 8, 9), 0.25, dtype=torch.float64)
    other = picture(20, 30, 1)
    assert bool(color.matched(plain, other, method=method).isfinite().all())
    found = color.matched(other, plain, method=method)
    torch.testing.assert_close(found, torch.full_like(found, 0.25), atol=5e-3, rtol=0)
    assert bool(color.luminance_matched(plain, other).isfinite().all())
