"""Gram distances, against NumPy and against the network itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from torch import Tensor

from barestyle import preset
from barestyle.metrics import MetricInputs
from barestyle.metrics.gram_distance import (
    HELD_OUT,
    HELD_OUT_SEEDS,
    held_out_distance,
    relative_distances,
    trained_distance,
    unseen_distance,
)
from barestyle.networks import build_network, vgg19
from barestyle.spec import with_settings
from barestyle.spec.network import VGG19_CHANNELS
from tests.metrics.conftest import MakeInputs


def test_held_out_networks_against_numpy(make_inputs: MakeInputs, content: Tensor, style: Tensor) -> None:
    expected = []
    for seed in HELD_OUT_SEEDS:
        network = build_network(HELD_OUT, seed=seed, deepest_layer=5).double()
        grams = []
        for image in (content, style):
            maps = {tap: np.maximum(f[0].numpy(), 0) for tap, f in network(image.double()).items()}
            grams.append({t: np.einsum("chw,dhw->cd", f, f) / f[0].size for t, f in maps.items()})
        expected += [np.sum((grams[0][t] - grams[1][t]) ** 2) / np.sum(grams[1][t] ** 2) for t in grams[0]]
    assert held_out_distance(make_inputs(content)) == pytest.approx(np.mean(expected), rel=1e-3)


def test_the_trained_network_is_that_of_a_spec(real_weights: Path, content: Tensor, style: Tensor) -> None:
    inputs = MetricInputs(content, content, style, real_weights)
    spec = with_settings(
        preset("paper").spec,
        {
            "network.channels": list(VGG19_CHANNELS[:8]),
            "network.weights": "pretrained",
            "network.bias": "pretrained",
        },
    )
    network = build_network(spec.network, seed=0, deepest_layer=8, trained=vgg19.load_layers(real_weights, 8))
    distances = relative_distances(network, inputs)
    assert trained_distance(inputs) == pytest.approx(sum(distances.values()) / 8, rel=1e-6)
    assert unseen_distance(inputs) == pytest.approx(sum(distances[tap] for tap in (6, 7, 8)) / 3, rel=1e-6)
    assert trained_distance(MetricInputs(style, content, style, real_weights)) == 0
