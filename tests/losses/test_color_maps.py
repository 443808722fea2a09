"""What all maps of colors onto a palette have in common."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from barestyle.images.color_transfer import Rows
from barestyle.losses.color_transport import transport_colors
from barestyle.losses.palette_map import map_by_lightness, move_onto_palette
from tests.losses.cases import draw_standard_colors

Map = Callable[[Rows, Rows, Rows, Rows], Rows]

pytestmark = pytest.mark.parametrize("move", [transport_colors, map_by_lightness, move_onto_palette])


def weigh_equally(move: Map, colors: Rows, palette: Rows) -> Rows:
    return move(colors, np.ones(len(colors)), palette, np.ones(len(palette)))


def test_a_palette_of_its_own_changes_nothing(move: Map) -> None:
    colors = draw_standard_colors(500, 2)
    assert weigh_equally(move, colors, colors.copy()) == pytest.approx(colors, abs=1e-7)


def test_a_weight_of_two_is_a_color_twice(move: Map) -> None:
    colors, palette = draw_standard_colors(400, 3), draw_standard_colors(300, 4)
    weights = np.ones(300)
    weights[:100] = 2
    doubled = np.concatenate((palette, palette[:100]))
    assert move(colors, np.ones(400), palette, weights) == pytest.approx(weigh_equally(move, colors, doubled), abs=1e-7)


def test_a_color_without_weight_is_moved_as_its_equal_with_weight(move: Map) -> None:
    colors, palette = draw_standard_colors(400, 5), draw_standard_colors(300, 6)
    unweighted = np.concatenate((colors, colors[:50]))
    moved = move(unweighted, np.repeat([1.0, 0.0], [400, 50]), palette, np.ones(300))
    assert moved[:400] == pytest.approx(weigh_equally(move, colors, palette), abs=1e-7)
    assert moved[400:] == pytest.approx(moved[:50], abs=1e-12)


def test_one_color_stays_one_color_within_the_palette(move: Map) -> None:
    moved = weigh_equally(move, np.zeros((50, 3)), draw_standard_colors(300, 7))
    assert np.ptp(moved, axis=0) == pytest.approx(0, abs=1e-12)
    assert np.all(np.abs(moved[0]) < 1)


def test_a_palette_of_one_color_makes_all_colors_that_one(move: Map) -> None:
    moved = weigh_equally(move, draw_standard_colors(300, 14), np.full((200, 3), 0.7))
    # The linear map has a floor of variance of 1e-6.
    assert moved == pytest.approx(0.7, abs=0.005)


def test_noise_in_a_flat_area_stays_noise(move: Map) -> None:
    """A third of the colors are one color but for rounding; without smoothing they would be torn apart."""
    colors, palette = draw_standard_colors(600, 8), np.random.default_rng(9).standard_normal((600, 3))
    colors[:200] = 0.3
    noisy = colors + 1e-7 * np.random.default_rng(10).standard_normal(colors.shape)
    moved = weigh_equally(move, noisy, palette)
    assert moved == pytest.approx(weigh_equally(move, colors, palette), abs=1e-4)
    assert np.ptp(moved[:200], axis=0) == pytest.approx(0, abs=1e-4)
