"""The map by lightness, and linear maps, against cases whose result is known and linear transport of POT."""

from __future__ import annotations

import numpy as np
import ot
import pytest

from barestyle.images.color_transfer import Rows, compute_linear_map
from barestyle.losses.axis_profile import compute_profile
from barestyle.losses.palette_map import CHROMA_VARIANCE_FLOOR, bound_chroma, map_by_lightness, move_onto_palette
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


def test_bounded_colors_keep_their_hue_and_their_order() -> None:
    chroma, palette = draw_face_on_gray(7)[:, 1:], np.random.default_rng(8).uniform(-1.7, 1.7, (2500, 2))
    bounded = bound_chroma(2 * chroma, np.ones(len(chroma)), palette, np.ones(len(palette)))
    before, after = (measure_strengths(rows, palette) for rows in (2 * chroma, bounded))
    assert bounded[:, 0] * chroma[:, 1] == pytest.approx(bounded[:, 1] * chroma[:, 0], abs=1e-9)
    assert np.all((bounded * chroma).sum(1) >= 0)
    assert np.all(after <= before + 1e-12)
    assert np.all(np.diff(after[np.argsort(before)]) > -1e-9)
    weak = before < np.quantile(measure_strengths(palette, palette), 0.85)
    assert bounded[weak] == pytest.approx(2 * chroma[weak], abs=1e-12), "weak colors are not changed"
    assert 0.5 < weak.mean() < 1


def test_colors_without_weight_are_bounded_but_bound_no_others() -> None:
    chroma, palette = draw_face_on_gray(9)[:, 1:], np.random.default_rng(10).uniform(-1.7, 1.7, (2500, 2))
    weights = np.ones(len(chroma))
    weights[:20] = 0
    bounded = bound_chroma(chroma, weights, palette, np.ones(len(palette)))
    alone = bound_chroma(chroma[20:], weights[20:], palette, np.ones(len(palette)))
    assert np.abs(bounded[20:] - alone).max() < 0.02, "the profile has coarser places"
    assert measure_strengths(bounded[:20], palette).max() < 1.3 * measure_strengths(palette, palette).max()


def test_a_palette_without_chroma_leaves_none() -> None:
    chroma = draw_standard_colors(300, 12)[:, 1:]
    assert bound_chroma(chroma, np.ones(300), np.zeros((400, 2)), np.ones(400)) == pytest.approx(0, abs=1e-6)
