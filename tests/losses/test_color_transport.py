"""Moving colors onto a palette, against exact optimal transport of POT."""

from __future__ import annotations

import numpy as np
import ot

from barestyle.images.color_transfer import Rows
from barestyle.losses.color_transport import transport_colors
from tests.losses.cases import draw_colors


def move(colors: Rows, palette: Rows) -> Rows:
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
