"""Moving colors onto a palette, against exact optimal transport of POT."""

from __future__ import annotations

import numpy as np
import ot
import pytest

from barestyle.losses.color_transport import Colors, transport_colors


def draw_colors(count: int, seed: int) -> Colors:
    """Return two clusters of colors, (count, 3)."""
    generator = np.random.default_rng(seed)
    centers = generator.uniform(-2, 2, (2, 3))
    return centers[generator.integers(0, 2, count)] + 0.4 * generator.standard_normal((count, 3))


def move(colors: Colors, palette: Colors) -> Colors:
    return transport_colors(colors, np.ones(len(colors)), palette, np.ones(len(palette)))


def test_the_result_has_the_colors_of_the_palette() -> None:
    colors, palette = draw_colors(700, 0), draw_colors(900, 1)
    weights = np.full(700, 1 / 700), np.full(900, 1 / 900)
    before = ot.emd2(*weights, ot.dist(colors, palette))
    after = ot.emd2(*weights, ot.dist(move(colors, palette), palette))
    other = ot.emd2(np.full(900, 1 / 900), np.full(900, 1 / 900), ot.dist(draw_colors(900, 1)[::-1] + 0.05, palette))
    assert after < 0.05 * before
    assert after < 10 * other, "about as near as the palette moved by 0.05 along each axis"


def test_colors_move_little_farther_than_they_must() -> None:
    colors, palette = draw_colors(700, 0), draw_colors(700, 1)
    least = ot.emd2(np.full(700, 1 / 700), np.full(700, 1 / 700), ot.dist(colors, palette))
    moved = move(colors, palette)
    assert np.square(moved - colors).sum(1).mean() < 1.3 * least


def test_a_palette_of_its_own_changes_nothing() -> None:
    colors = draw_colors(500, 2)
    assert move(colors, colors.copy()) == pytest.approx(colors, abs=1e-7)


def test_a_weight_of_two_is_a_color_twice() -> None:
    colors, palette = draw_colors(400, 3), draw_colors(300, 4)
    weights = np.ones(300)
    weights[:100] = 2
    doubled = np.concatenate((palette, palette[:100]))
    moved = transport_colors(colors, np.ones(400), palette, weights)
    assert moved == pytest.approx(move(colors, doubled), abs=1e-7)


def test_colors_without_weight_are_moved_too() -> None:
    colors, palette = draw_colors(400, 5), draw_colors(300, 6)
    weights = np.ones(400)
    weights[0] = 0
    moved = transport_colors(colors, weights, palette, np.ones(300))
    assert np.isfinite(moved).all()
    assert np.linalg.norm(moved[0] - palette, axis=1).min() < 0.5


def test_one_color_moves_to_the_middle_of_the_palette() -> None:
    moved = move(np.zeros((50, 3)), draw_colors(300, 7))
    assert np.ptp(moved, axis=0) == pytest.approx(0, abs=1e-12)


def test_noise_in_a_flat_area_stays_noise() -> None:
    """A third of the colors are one color but for rounding; without smoothing they would be torn apart."""
    colors, palette = draw_colors(600, 8), np.random.default_rng(9).standard_normal((600, 3))
    colors[:200] = 0.3
    noisy = colors + 1e-7 * np.random.default_rng(10).standard_normal(colors.shape)
    assert move(noisy, palette) == pytest.approx(move(colors, palette), abs=1e-4)
    assert np.ptp(move(noisy, palette)[:200], axis=0) == pytest.approx(0, abs=1e-4)
