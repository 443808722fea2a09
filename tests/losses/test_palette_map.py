"""The map by lightness, and linear maps, against cases whose result is known and linear transport of POT."""

from __future__ import annotations

import numpy as np
import ot
import pytest

from barestyle.images.color_transfer import Rows, compute_linear_map
from barestyle.losses.axis_profile import compute_profile
from barestyle.losses.palette_map import (
    CHROMA_VARIANCE_FLOOR,
    LARGEST_STRETCH,
    ChromaBound,
    map_by_lightness,
    move_onto_palette,
)
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


def draw_face_on_gray(seed: int) -> Rows:
    """Standardized colors of a photograph that is gray, but for one object of a hundredth of it."""
    colors = draw_standard_colors(2000, seed)
    colors[:, 1:] *= 0.3
    colors[:20, 1:] = (5.0, 4.0) + 0.5 * colors[:20, 1:]
    standardized: Rows = (colors - colors.mean(0)) / colors.std(0)
    return standardized


def measure_strengths(chroma: Rows, palette: Rows) -> Rows:
    metric = np.linalg.inv(palette.T @ palette / len(palette) + CHROMA_VARIANCE_FLOOR * np.eye(2))
    strengths: Rows = np.sqrt(((chroma @ metric) * chroma).sum(1))
    return strengths


def test_the_only_colored_object_gets_colors_of_the_palette() -> None:
    """Linear maps alone move it far beyond: the deviation is the palette's, and nearly all of it is that object's."""
    colors, palette = draw_face_on_gray(5), np.random.default_rng(6).uniform(-1.7, 1.7, (2500, 3))
    ones, others = np.ones(len(colors)), np.ones(len(palette))
    moved = move_onto_palette(colors, ones, palette, others)
    unbounded = map_by_lightness(colors, ones, palette, others)
    strongest = measure_strengths(palette[:, 1:], palette[:, 1:]).max()
    assert measure_strengths(unbounded[:20, 1:], palette[:, 1:]).min() > 1.5 * strongest
    assert measure_strengths(moved[:, 1:], palette[:, 1:]).max() < 1.3 * strongest
    assert measure_strengths(moved[:20, 1:], palette[:, 1:]).min() > 0.7 * strongest, "it still is the most colorful"


def draw_symmetric_palette(seed: int) -> Rows:
    """A palette whose mean chroma is gray at every lightness, and whose chroma does not depend on lightness."""
    palette = np.random.default_rng(seed).uniform(-1.7, 1.7, (6000, 3))
    return np.concatenate((palette, palette * (1, -1, -1)))


def test_bounded_colors_keep_their_hue_and_their_order() -> None:
    colors, palette = draw_face_on_gray(7) * (1, 2, 2), draw_symmetric_palette(8)
    bounded = ChromaBound(palette, np.ones(len(palette))).apply(colors, np.ones(len(colors)))
    assert np.array_equal(bounded[:, 0], colors[:, 0])
    before, after = (measure_strengths(rows[:, 1:], palette[:, 1:]) for rows in (colors, bounded))
    assert bounded[:, 1] * colors[:, 2] == pytest.approx(bounded[:, 2] * colors[:, 1], abs=1e-9)
    assert np.all((bounded[:, 1:] * colors[:, 1:]).sum(1) >= 0)
    assert np.all(after <= before + 1e-12)
    order = np.argsort(before)
    assert np.all(np.diff(after[order]) > -0.2), "except for chance in the palette's covariance at each lightness"
    weak = before < np.quantile(measure_strengths(palette[:, 1:], palette[:, 1:]), 0.8)
    assert bounded[weak] == pytest.approx(colors[weak], abs=1e-12), "weak colors are not changed"
    assert 0.5 < weak.mean() < 1


def test_colors_are_bounded_by_those_of_the_same_lightness() -> None:
    """In the palette, as in a night with a moon, yellow is light: a dark color does not become so yellow."""
    noise = np.random.default_rng(11).standard_normal((4000, 3)) * (0.2, 0.5, 0.5)
    dark, light = noise[:2000] - (1, 0, 0), noise[2000:] * (1, 1, 4) + (1, 0, 0)
    palette = np.concatenate((dark, light))
    colors = palette.copy()
    colors[:20, 2] = colors[2000:2020, 2] = 5.0
    bounded = ChromaBound(palette, np.ones(4000)).apply(colors, np.ones(4000))
    assert bounded[2000:2020, 2].min() > 4.4
    assert bounded[:20, 2].max() < 3
    assert np.abs(bounded[20:2000] - colors[20:2000]).max(axis=1).mean() < 0.02


def test_colors_that_are_their_own_palette_do_not_change() -> None:
    palette = draw_standard_colors(2000, 3)
    bounded = ChromaBound(palette, np.ones(2000)).apply(palette, np.ones(2000))
    assert bounded == pytest.approx(palette, abs=1e-9)


def test_stretched_colors_regain_their_deviation_within_the_bound() -> None:
    colors, palette = draw_standard_colors(2000, 4), draw_symmetric_palette(5)
    colors[:60, 1:] *= 2.5
    ones, bound = np.ones(2000), ChromaBound(palette, np.ones(len(palette)))
    bounded, stretched = bound.apply(colors, ones), bound.apply_and_stretch(colors, ones)
    wanted, lost, regained = (np.sqrt(rows[:, 1:].var(axis=0).sum()) for rows in (colors, bounded, stretched))
    assert lost < 0.97 * wanted
    assert regained == pytest.approx(wanted, rel=0.02)
    strongest, limit = (measure_strengths(rows[:, 1:], palette[:, 1:]).max() for rows in (stretched, palette))
    assert strongest < 1.1 * limit < 1.1 * measure_strengths(colors[:, 1:], palette[:, 1:]).max()
    weak = np.abs(colors[:, 1:]).max(axis=1) < 1
    factors = stretched[weak, 1:] / colors[weak, 1:]
    assert factors.min() == pytest.approx(factors.max())
    assert 1 < factors[0, 0] <= LARGEST_STRETCH
    gray = np.concatenate((colors[:10], 0.01 * colors[10:] * (100, 1, 1)))
    assert bound.apply_and_stretch(gray, ones)[500, 1:] == pytest.approx(LARGEST_STRETCH * gray[500, 1:], rel=1e-6)
    own = ChromaBound(colors, ones).apply_and_stretch(colors, ones)
    assert own == pytest.approx(colors, abs=1e-9)


def test_colors_without_weight_are_bounded_but_bound_no_others() -> None:
    colors, palette = draw_face_on_gray(9), draw_symmetric_palette(10)
    weights = np.ones(len(colors))
    weights[:20] = 0
    bounded = ChromaBound(palette, np.ones(len(palette))).apply(colors, weights)
    alone = ChromaBound(palette, np.ones(len(palette))).apply(colors[20:], weights[20:])
    assert np.abs(bounded[20:] - alone).max() < 0.02, "the profile has coarser places"
    strongest = measure_strengths(palette[:, 1:], palette[:, 1:]).max()
    assert measure_strengths(bounded[:20, 1:], palette[:, 1:]).max() < 1.3 * strongest


def test_a_palette_without_chroma_leaves_none() -> None:
    colors = draw_standard_colors(300, 12)
    palette = draw_standard_colors(400, 13) * (1, 0, 0)
    assert ChromaBound(palette, np.ones(400)).apply(colors, np.ones(300))[:, 1:] == pytest.approx(0, abs=1e-6)
