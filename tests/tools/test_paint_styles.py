"""The style pictures: painted by the program, the same each time, and unlike each other."""

from __future__ import annotations

import numpy as np
import pytest
from tools.paint_styles.__main__ import PAINTERS

from barestyle.samples import STYLES

SIZE = (96, 76)


def test_every_style_of_the_package_has_its_painter() -> None:
    assert tuple(PAINTERS) == STYLES


@pytest.mark.parametrize("name", PAINTERS)
def test_a_style_fills_its_canvas(name: str) -> None:
    picture = np.asarray(PAINTERS[name](SIZE).convert("RGB"))
    assert picture.shape == (SIZE[1], SIZE[0], 3)
    assert picture.std(axis=(0, 1)).min() > 15, "it has lights and darks in every color"
    halves = picture[: SIZE[1] // 2].mean(axis=(0, 1)), picture[SIZE[1] // 2 :].mean(axis=(0, 1))
    assert np.abs(halves[0] - halves[1]).max() > 3, "it is a picture of something, not one texture"


def test_a_style_is_painted_alike_each_time() -> None:
    """With the quickest painter; all take their chances from the same kind of seeded generator."""
    one, other = (np.asarray(PAINTERS["impasto"](SIZE)) for _ in range(2))
    assert np.array_equal(one, other)
