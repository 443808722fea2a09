"""Moments of several styles, and of those of a style's pixels that have no strong color."""

from __future__ import annotations

import pytest
import torch

from barestyle.losses import Region, StyleImage, build_guide_maps, compute_moments
from barestyle.networks import Size, build_network
from barestyle.objective import StyleMoments, Tiling, compute_style_moments
from barestyle.objective.style_moments import compute_region_moments, mix_style_moments
from tests.conftest import drawing, planes
from tests.losses.cases import correlated_maps
from tests.objective.cases import build_spec, draw_image


def build_moments(seed: int, height: int, width: int) -> StyleMoments:
    """Return the moments of a map, and of the left half of it."""
    maps = correlated_maps(seed, height=height, width=width)
    return StyleMoments(compute_moments(maps), compute_moments(maps[..., : width // 2]))


def test_mixed_moments_are_those_of_images_side_by_side() -> None:
    """Exactly, with kernels of one pixel; larger ones would see across the seam."""
    spec = build_spec("one layer", "gram")
    network = build_network(spec.network, seed=1, deepest_layer=1).double()
    for layer in network.stacks[0].layers:  # type: ignore[union-attr]
        layer.weight[..., [0, 0, 0, 1, 1, 2, 2, 2], [0, 1, 2, 0, 2, 0, 1, 2]] = 0
    left, right = draw_image(20, 30, 1), draw_image(20, 10, 2)
    both = compute_style_moments(network, torch.cat((left, right), 3), {1}, Tiling())[1]
    region = Region((StyleImage(left, share=0.75), StyleImage(right, share=0.25)))
    mixture = compute_region_moments(network, region, {1}, Size(20, 30))[1].whole
    torch.testing.assert_close(mixture.mean, both.mean)
    torch.testing.assert_close(mixture.covariance, both.covariance)


def test_a_mixture_is_the_weighted_mean_however_large_its_images_are() -> None:
    small, large = build_moments(0, 4, 6), build_moments(1, 40, 50)
    mixture = mix_style_moments([(small, 0.25), (large, 0.75)])
    assert mixture.whole.pixels == pytest.approx(1)
    torch.testing.assert_close(mixture.whole.mean, 0.25 * small.whole.mean + 0.75 * large.whole.mean)
    means = [each.whole.second / each.whole.pixels for each in (small, large)]
    torch.testing.assert_close(mixture.whole.second, 0.25 * means[0] + 0.75 * means[1])
    assert mixture.ordinary_colors.pixels == pytest.approx(0.5), "half of each"
    parts = small.ordinary_colors.mean, large.ordinary_colors.mean
    torch.testing.assert_close(mixture.ordinary_colors.mean, 0.25 * parts[0] + 0.75 * parts[1])
    assert mix_style_moments([(small, 1.0)]) is small


def test_a_sample_has_a_share_of_the_strong_colors() -> None:
    maps = correlated_maps(0, height=10, width=12)
    style = StyleMoments(compute_moments(maps), compute_moments(maps[..., :9]))
    assert style.take_sample(1.0) is style.whole
    torch.testing.assert_close(style.take_sample(0.0).covariance, style.ordinary_colors.covariance)
    weights = torch.ones(10, 12, dtype=torch.float64)
    weights[:, 9:] = 0.25
    rows, weights = maps[0].flatten(1), weights.flatten()
    sample = style.take_sample(0.25)
    assert sample.pixels == pytest.approx(float(weights.sum()))
    torch.testing.assert_close(sample.first, rows @ weights)
    torch.testing.assert_close(sample.second, rows * weights @ rows.T)


def test_pixels_of_strong_color_are_left_out_of_a_style_and_its_mask() -> None:
    style = planes(drawing(72, 60, seed=1)).double()
    style[:, :, 20:40, 10:30] = torch.tensor([1.0, 0.9, 0.0], dtype=torch.float64).view(1, 3, 1, 1)
    mask = torch.ones(1, 1, 60, 72, dtype=torch.float64)
    mask[..., 50:] = 0.5
    region = Region((StyleImage(style, mask),))
    guides = build_guide_maps(planes(drawing(50, 50, seed=2)).double(), region, resolution=48)
    spec = build_spec("vgg", "gram")
    network = build_network(spec.network, seed=1, deepest_layer=1).double()
    moments = compute_region_moments(network, region, {1}, Size(60, 72), guides)[1]
    assert moments.whole.pixels == pytest.approx(float(mask.sum()))
    strong = moments.whole.pixels - moments.ordinary_colors.pixels
    assert 0.6 * 400 < strong < 2 * 400
    weights = guides.ordinary_colors[0]
    assert weights is not None
    enlarged = torch.nn.functional.interpolate(weights, (60, 72), mode="bilinear") * mask
    expected = compute_style_moments(network, style, {1}, Tiling(), enlarged, guides.styles[0])[1]
    torch.testing.assert_close(moments.ordinary_colors.second, expected.second)
    without = compute_region_moments(network, region, {1}, Size(60, 72))[1]
    assert without.ordinary_colors is without.whole
