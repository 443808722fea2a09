"""Moving colors onto a palette: exact cases, invariants, and the linear optimal transport of POT."""

from __future__ import annotations

import numpy as np
import ot
import pytest

from barestyle.images.color_transfer import compute_linear_map
from barestyle.losses.color_transport import Colors
from barestyle.losses.palette_map import CHROMA_VARIANCE_FLOOR, compute_profile, map_by_lightness, move_onto_palette


def draw_colors(count: int, seed: int) -> Colors:
    """Return two clusters of colors, (count, 3), with mean 0 and deviation 1 along each axis."""
    generator = np.random.default_rng(seed)
    centers = generator.uniform(-2, 2, (2, 3))
    colors = centers[generator.integers(0, 2, count)] + 0.4 * generator.standard_normal((count, 3))
    standardized: Colors = (colors - colors.mean(0)) / colors.std(0)
    return standardized


def move(colors: Colors, palette: Colors) -> Colors:
    return move_onto_palette(colors, np.ones(len(colors)), palette, np.ones(len(palette)))


def map_lightness(colors: Colors, palette: Colors) -> Colors:
    return map_by_lightness(colors, np.ones(len(colors)), palette, np.ones(len(palette)))


def test_lightness_keeps_its_order_and_comes_nearer_to_the_palettes_distribution() -> None:
    """The palette has many dark colors and few light ones."""
    colors, palette = draw_colors(700, 0), np.random.default_rng(1).exponential(size=(900, 3)) - 1
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


def test_a_palette_of_its_own_changes_nothing() -> None:
    colors = draw_colors(500, 2)
    assert move(colors, colors.copy()) == pytest.approx(colors, abs=1e-7)


def test_a_weight_of_two_is_a_color_twice() -> None:
    colors, palette = draw_colors(400, 3), draw_colors(300, 4)
    weights = np.ones(300)
    weights[:100] = 2
    doubled = np.concatenate((palette, palette[:100]))
    moved = move_onto_palette(colors, np.ones(400), palette, weights)
    assert moved == pytest.approx(move(colors, doubled), abs=1e-7)


def test_colors_without_weight_are_moved_too() -> None:
    colors, palette = draw_colors(400, 5), draw_colors(300, 6)
    weights = np.ones(400)
    weights[0] = 0
    moved = move_onto_palette(colors, weights, palette, np.ones(300))
    assert np.isfinite(moved).all()
    assert np.linalg.norm(moved[0] - palette, axis=1).min() < 1


def test_one_color_stays_one_color_within_the_palette() -> None:
    palette = draw_colors(300, 7)
    moved = move(np.zeros((50, 3)), palette)
    assert np.ptp(moved, axis=0) == pytest.approx(0, abs=1e-12)
    assert np.all(np.abs(moved[0]) < 1)


def test_a_palette_of_one_color_makes_all_colors_that_one() -> None:
    colors, palette = draw_colors(300, 14), np.full((200, 3), 0.7)
    assert map_lightness(colors, palette) == pytest.approx(0.7, abs=1e-6)
    assert move(colors, palette) == pytest.approx(0.7, abs=0.005), "the linear map has a floor of variance"


def test_noise_in_a_flat_area_stays_noise() -> None:
    colors, palette = draw_colors(600, 8), np.random.default_rng(9).standard_normal((600, 3))
    colors[:200] = 0.3
    noisy = colors + 1e-7 * np.random.default_rng(10).standard_normal(colors.shape)
    assert move(noisy, palette) == pytest.approx(move(colors, palette), abs=1e-4)
    assert np.ptp(move(noisy, palette)[:200], axis=0) == pytest.approx(0, abs=1e-4)


def test_noise_in_the_chroma_of_a_gray_image_is_not_made_color() -> None:
    gray = draw_colors(600, 11)
    gray[:, 1:] *= 0.05
    palette = draw_colors(600, 12)
    expected = compute_profile(palette, np.ones(600)).compute_chroma(map_lightness(gray, palette)[:, 0])
    assert np.abs(map_lightness(gray, palette)[:, 1:] - expected).max() < 0.5
    assert np.abs(map_lightness(gray, palette)[:, 1:] - expected).std() < 0.1


def test_shares_increase_and_mean_chroma_is_between_the_colors() -> None:
    colors = draw_colors(500, 13)
    profile = compute_profile(colors, np.ones(500))
    assert np.all(np.diff(profile.shares) > 0)
    assert 0 < profile.shares[0] < profile.shares[-1] < 1
    assert np.all(profile.chroma >= colors[:, 1:].min(0))
    assert np.all(profile.chroma <= colors[:, 1:].max(0))
