"""Strong colors: which colors are, how strong they are, and how an image compares with a palette."""

from __future__ import annotations

import numpy as np
import pytest

from barestyle.losses.strong_colors import (
    FULL_EXCESS,
    STRONG_CHROMA,
    compare_strong_colors,
    measure_strong_colors,
    weigh_ordinary_colors,
)


def test_few_colors_are_strong_and_none_is_stronger_than_the_palettes() -> None:
    random = np.random.default_rng(0)
    palette = random.uniform(-1.7, 1.7, (1000, 3))
    palette[:20, 2] = 6.0  # a moon: yellow in two percent of the picture
    weights = np.ones(1000)
    strong = measure_strong_colors(palette, palette, weights)
    assert strong[20:].std(axis=0) == pytest.approx([0, 0]), "all other colors are alike"
    assert strong[:, 0] == pytest.approx(np.zeros(1000)), "the palette has no strong color along the first axis"
    assert strong.mean(axis=0) == pytest.approx([0, 0], abs=1e-12)
    assert strong[0, 1] > 4 > 0 > strong[20, 1]
    beyond = measure_strong_colors(np.array([[0, 9.0, 9.0], [0, -9.0, -9.0]]), palette, weights)
    assert beyond[0] == pytest.approx(strong[0])
    assert beyond[1] == pytest.approx(strong[20])


def test_strong_colors_of_transparent_pixels_do_not_count() -> None:
    palette = np.random.default_rng(0).uniform(-1.7, 1.7, (100, 3))
    palette[:10, 1] = 5.0
    weights = np.ones(100)
    weights[:10] = 0
    assert measure_strong_colors(palette, palette, weights) == pytest.approx(np.zeros((100, 2)))


def test_only_strong_chroma_reduces_the_weight() -> None:
    half = STRONG_CHROMA + FULL_EXCESS / 2
    colors = np.array([[9.0, 1.9, -1.9], [0, half, 0], [0, 0, -half], [0, 1, 3.0], [0, -9.0, half]])
    assert weigh_ordinary_colors(colors) == pytest.approx([1, 0.5, 0.5, 0, 0])


def test_an_image_is_compared_by_its_weighted_share_of_strong_colors() -> None:
    palette, weights = np.zeros((100, 3)), np.ones(100)
    palette[:20, 2] = 4.0
    colors = palette.copy()
    assert compare_strong_colors(colors, weights, palette, weights) == 1
    colors[:15, 2] = 0
    assert compare_strong_colors(colors, weights, palette, weights) == pytest.approx(0.25)
    assert compare_strong_colors(palette, weights, colors, weights) == 1, "as much or more"
    assert compare_strong_colors(colors, np.where(np.arange(100) < 20, 1.0, 0), palette, weights) == 1
    assert compare_strong_colors(np.zeros((5, 3)), np.ones(5), palette, weights) == 0
    assert compare_strong_colors(palette, weights, np.zeros((5, 3)), np.ones(5)) == 1
    assert compare_strong_colors(np.zeros((5, 3)), np.ones(5), np.zeros((5, 3)), np.ones(5)) == 1, "neither has any"
