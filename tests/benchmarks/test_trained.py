"""The benchmark of trained styles' distances: its table at a small size."""

from __future__ import annotations

import pytest
from benchmarks.trained import DISTANCES, compare, shrink

from barestyle import samples
from barestyle.feed_forward import StylePainter
from barestyle.images import read
from tests.feed_forward.cases import make_style


def test_a_small_table() -> None:
    photo, painting = shrink(read(samples.photo("coffee")), 64), read(samples.style("swirls"))
    table = compare(StylePainter(make_style()), painting, [photo], "bare-fast", [0.5, 1.0])
    row, means = table.rows
    assert 0 < row["1 - SSIM"] < 1
    for name in DISTANCES:
        trained, search = (float(text) for text in row[name].split(" / "))
        assert float(means[name]) == pytest.approx(trained / search, rel=0.02)
