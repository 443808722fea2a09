"""The map by lightness, and linear maps, against cases whose result is known and linear transport of POT."""

from __future__ import annotations

import numpy as np
import ot
import pytest

from barestyle.images.color_transfer import Rows, compute_linear_map
from barestyle.losses.axis_profile import compute_profile
from barestyle.losses.palette_map import CHROMA_VARIANCE_FLOOR, map_by_lightness
from tests.losses.cases import draw_standard_colors


def map_lightness(colors: Rows, palette: Rows) -> Rows:
    return map_by_lightness(colors, np.ones(len(colors)), palette, np.ones(len(palette)))


def test_lightness_keeps_its_order_and_comes_nearer_to_the_palettes_distribution() -> None:
    """The palette has many dark colors and few light ones."""
    colors, palette = draw_standard_colors(700, 0), np.random.default_rng(1).exponential(size=(900, 3)) - 1
    moved = map_lightness(colors, palette)
    order = np.argsort(colors[:, 0])
    assert np.all(np.diff(moved[order, 0]) > 0)
    before, after = (ot.wasserstein_1d(rows[:, 0], palette[:, 0]) for rows in (colors, moved))
    assert after < 0.5 * before


def test_chroma_follows_the_palettes_at_each_lightness() -> None:
    """Shadows are blue and lights yellow in the palette; the colors have them the other way round."""
    lightness = np.random.default_rng(0).standard_normal(2000)
    noise = 0.3 * np.random.default_rng(1).standard_normal((2000, 2, 2))
    colors = np.stack((lightness, noise[:, 0, 0], -lightness + noise[:, 0, 1]), axis=1)
    palette = np.stack((lightness, noise[:, 1, 0], lightness + noise[:, 1, 1]), axis=1)
    moved = map_lightness(colors, palette)
    assert np.corrcoef(moved[:, 0], moved[:, 2])[0, 1] > 0.9
    assert moved.std(0) == pytest.approx(palette.std(0), rel=0.2)


def test_what_lightness_does_not_explain_is_moved_by_linear_optimal_transport() -> None:
    """Chroma independent of lightness: the map is POT's between normal distributions."""
    generator = np.random.default_rng(2)
    lightness = generator.standard_normal((4000, 1))
    first, second = np.array([[1.0, 0.4], [0.0, 0.8]]), np.array([[0.5, -0.6], [0.2, 1.0]])
    chroma, target = generator.standard_normal((4000, 2)) @ first, generator.standard_normal((4000, 2)) @ second
    moved = map_lightness(np.hstack((lightness, chroma)), np.hstack((lightness, target)))[:, 1:]
    mapping, offset = ot.gaussian.empirical_bures_wasserstein_mapping(chroma, target, reg=CHROMA_VARIANCE_FLOOR)
    assert np.abs(moved - (chroma @ mapping + offset)).mean() < 0.06


def test_the_linear_map_has_the_targets_covariance() -> None:
    first, second = (np.cov(np.random.default_rng(seed).standard_normal((3, 50))) for seed in (3, 4))
    mapping = compute_linear_map(first, second)
    assert mapping @ first @ mapping.T == pytest.approx(second, abs=1e-12)
    assert mapping == pytest.approx(mapping.T, abs=1e-12), "of all such maps, the symmetric one moves colors least"


def test_noise_in_the_chroma_of_a_gray_image_is_not_made_color() -> None:
    gray = draw_standard_colors(600, 11)
    gray[:, 1:] *= 0.05
    palette = draw_standard_colors(600, 12)
    moved = map_lightness(gray, palette)
    expected = compute_profile(palette[:, 0], np.ones(600), palette[:, 1:]).interpolate_means(moved[:, 0])
    assert np.abs(moved[:, 1:] - expected).max() < 0.5
    assert np.abs(moved[:, 1:] - expected).std() < 0.1
