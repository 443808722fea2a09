"""Gradients of every loss against float64 finite differences, through every kind of network."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from barestyle.networks import build_network
from barestyle.objective import build_objective
from barestyle.presets import preset
from barestyle.spec import Spec, with_settings

SMALL = {"network.channels": 4}
HAND_MADE = {"network": "hand-made", "network.basic_set": 1, "network.strategy": 1}
PYRAMID = {"network": "pyramid", "network.levels": 3, "network.channels": 4, "style_loss.layers": [1, 2, 3]}
LOSSES: dict[str, dict[str, Any]] = {
    "gram": {"style_loss": "gram"},
    "whitened": {"style_loss": "whitened"},
    "content": {"content_loss": "features", "content_loss.layer": 2, "content_loss.weight": 100.0},
    "smoothness": {"smoothness": "total-variation", "smoothness.weight": 100.0},
}
NETWORKS: dict[str, dict[str, Any]] = {
    "npnd": SMALL,
    "pooled": {**SMALL, "network.pooling": "max"},
    "average": {**SMALL, "network.pooling": "average", "network.kernel_size": 2},
    "linear": {**SMALL, "network.activation": "none"},
    "gabor": {**SMALL, "network.gabor_fraction": 0.5},
    "hand-made": HAND_MADE,
    "gaussian": PYRAMID,
    "laplacian": {**PYRAMID, "network.bands": "laplacian", "network.pooling": "average"},
}


def build_spec(network: str, loss: str) -> Spec:
    return with_settings(preset("npnd").spec, {**NETWORKS[network], **LOSSES[loss]})


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("loss", LOSSES)
def test_the_gradient_equals_finite_differences(network: str, loss: str) -> None:
    spec = build_spec(network, loss)
    generator = torch.Generator().manual_seed(3)
    content = torch.rand(1, 3, 18, 20, generator=generator, dtype=torch.float64)
    style = torch.rand(1, 3, 20, 18, generator=generator, dtype=torch.float64)
    image = torch.rand(content.shape, generator=generator, dtype=torch.float64)
    objective = build_objective(
        spec, build_network(spec.network, seed=0, deepest_layer=spec.deepest_layer).double(), content, style
    )
    gradient = objective.evaluate(image).gradient
    for _ in range(3):
        # One pixel at a time crosses the kinks of ReLU and maximum least often.
        place = tuple(int(torch.randint(0, size, (1,), generator=generator)) for size in image.shape)
        step = torch.zeros_like(image)
        step[place] = 1e-5
        above, below = (objective.evaluate(image + sign * step).loss for sign in (1, -1))
        assert float(gradient[place]) == pytest.approx(float(above - below) / 2e-5, rel=1e-3, abs=1e-6)
