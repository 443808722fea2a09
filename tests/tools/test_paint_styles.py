"""The painters of the sample styles: one for each style, repeatable, and images of something."""

from __future__ import annotations

import numpy as np
import pytest
from tools.paint_styles.__main__ import PAINTERS

from barestyle.samples import STYLES

SIZE = (96, 76)


def test_every_sample_style_has_a_painter() -> None:
    assert tuple(PAINTERS) == STYLES


@pytest.mark.slow
@pytest.mark.parametrize("name", PAINTERS)
def test_a_style_is_a_varied_image(name: str) -> None:
    image = np.asarray(PAINTERS[name](SIZE).convert("RGB"))
    assert image.shape == (SIZE[1], SIZE[0], 3)
    assert image.std(axis=(0, 1)).min() > 15, "every channel has lights and darks"
    halves = image[: SIZE[1] // 2].mean(axis=(0, 1)), image[SIZE[1] // 2 :].mean(axis=(0, 1))
    assert np.abs(halves[0] - halves[1]).max() > 3, "an image of something, not a uniform texture"


def test_a_painter_is_repeatable() -> None:
    """With the fastest painter; all use the same kind of seeded generator."""
    first, second = (np.asarray(PAINTERS["impasto"](SIZE)) for _ in range(2))
    assert np.array_equal(first, second)
