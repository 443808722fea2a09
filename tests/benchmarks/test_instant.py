"""The yardstick of trained styles is the published network, the same with both engines."""

from __future__ import annotations

import torch
from benchmarks.instant import PublishedNetwork, make_painters, measure, start_published_onnx, start_published_torch

from tests.feed_forward.cases import make_image, make_style


def test_the_published_network_has_as_many_weights_as_published() -> None:
    assert round(sum(parameter.numel() for parameter in PublishedNetwork().parameters()) / 1e6, 2) == 1.68


def test_both_engines_compute_the_same() -> None:
    torch.manual_seed(0)
    network, image = PublishedNetwork().eval().requires_grad_(False), make_image(32, 40)
    expected = start_published_torch(network)(image)
    torch.testing.assert_close(start_published_onnx(network)(image), expected, atol=1e-4, rtol=1e-4)


def test_the_table_has_a_row_for_each() -> None:
    ticks = iter(range(1000))
    table = measure(make_painters(make_style()), [32, 48], 2, lambda: float(next(ticks)))
    assert [len(row) for row in table.rows] == [3] * 4
    assert {row["48 pixels"] for row in table.rows} == {"1.000 (1.000)"}
