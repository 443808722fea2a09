"""The objective: its parts, their weights, and the network behind it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tests.objective.cases import build_small_objective


def test_the_loss_is_the_sum_of_its_weighted_parts(content: Tensor, style: Tensor) -> None:
    settings = {"content_loss": "features", "content_loss__layer": 3, "smoothness": "total-variation"}
    image = content.flip(-1)
    plain = build_small_objective(content, style, **settings).evaluate(image)
    heavy = build_small_objective(
        content, style, **settings, content_loss__weight=3.0, smoothness__weight=5.0, style_loss__weight=2e6
    ).evaluate(image)
    assert set(plain.parts) == {"style", "content", "smoothness"}
    assert float(plain.loss) == pytest.approx(sum(float(part) for part in plain.parts.values()))
    for name, factor in (("content", 3.0), ("smoothness", 5.0), ("style", 2.0)):
        assert float(heavy.parts[name]) == pytest.approx(factor * float(plain.parts[name]), rel=1e-5)


def test_the_style_loss_vanishes_at_the_style(content: Tensor, style: Tensor) -> None:
    for kind in ("gram", "whitened"):
        # In float64: the style's moments are summed in tiles of the content's size, and round differently in float32.
        objective = build_small_objective(content.double(), style.double(), style_loss=kind)
        assert float(objective.evaluate(style.double()).loss) == pytest.approx(0, abs=1e-15)


def test_each_tap_counts(content: Tensor, style: Tensor) -> None:
    objectives = [build_small_objective(content, style, style_loss__layers=[tap]) for tap in range(1, 6)]
    losses = [float(objective.evaluate(content).loss) for objective in objectives]
    together = float(build_small_objective(content, style).evaluate(content).loss)
    assert len(set(losses)) == 5
    assert together == pytest.approx(sum(losses), rel=1e-5)


def test_no_gradient_is_computed_for_weights(content: Tensor, style: Tensor) -> None:
    network = build_small_objective(content, style).network
    assert list(network.parameters()) == []
    assert all(not buffer.requires_grad for buffer in network.buffers())


def test_features_are_channels_last(content: Tensor, style: Tensor) -> None:
    for maps in build_small_objective(content, style).network(content).values():
        assert maps.is_contiguous(memory_format=torch.channels_last)
