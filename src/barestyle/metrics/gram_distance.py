"""Distance of the Gram matrices of result and style, under networks that no run optimizes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from barestyle.metrics.metric import MetricInputs
from barestyle.metrics.trained_network import load_trained_network, uses_trained_network
from barestyle.networks import Network, build_network
from barestyle.spec import VGG, AveragePooling, GaussianWeights, GramLoss, Spec, ZeroBias

HELD_OUT = VGG(weights=GaussianWeights(std=0.05), bias=ZeroBias(), pooling=AveragePooling())
"""A network that no preset has: dense weights, no bias, average pooling. Without a bias the std cancels."""

HELD_OUT_SEEDS = tuple(range(2**62, 2**62 + 4))
"""Far from the seeds that a study or a user would choose."""

UNSEEN_TAPS = (6, 7, 8)
"""conv3_2 to conv3_4: the paper's objectives end at conv3_1, so no method optimizes these."""


def held_out_distance(inputs: MetricInputs) -> float:
    """Return the relative Gram distance to the style, the mean over five layers of four held-out random networks."""
    distances = [_mean(relative_distances(_held_out_network(seed), inputs).values()) for seed in HELD_OUT_SEEDS]
    return _mean(distances)


def trained_distance(inputs: MetricInputs) -> float:
    """Return the relative Gram distance to the style under trained VGG-19, the mean over conv1_1 to conv3_4."""
    return _mean(relative_distances(load_trained_network(inputs.weights), inputs).values())


def unseen_distance(inputs: MetricInputs) -> float:
    """Return the relative Gram distance under trained VGG-19, the mean over UNSEEN_TAPS."""
    distances = relative_distances(load_trained_network(inputs.weights), inputs)
    return _mean(distances[tap] for tap in UNSEEN_TAPS)


def optimizes_trained_gram(spec: Spec) -> bool:
    """Return whether the loss of a run is the Gram distance under the trained network itself."""
    return uses_trained_network(spec) and isinstance(spec.style_loss, GramLoss)


def relative_distances(network: Network, inputs: MetricInputs) -> dict[int, float]:
    """Return ‖G - G_style‖² / ‖G_style‖² (Frobenius) by layer, after its ReLU; G is the mean of f fᵀ over pixels."""
    with torch.no_grad():
        result, style = (_gram_matrices(network, image) for image in (inputs.result, inputs.style))
    return {tap: float((result[tap] - style[tap]).square().sum() / style[tap].square().sum()) for tap in result}


def _gram_matrices(network: Network, image: Tensor) -> dict[int, Tensor]:
    """Return the Gram matrix of every layer by its number."""
    return {tap: _gram_matrix(F.relu(maps)) for tap, maps in network(image).items()}


def _gram_matrix(maps: Tensor) -> Tensor:
    """Return the Gram matrix (c, c) of (1, c, h, w) in float64, as distances are differences of nearly equal sums."""
    rows = maps[0].flatten(1).double()
    return rows @ rows.T / rows.shape[1]


@lru_cache(maxsize=len(HELD_OUT_SEEDS))
def _held_out_network(seed: int) -> Network:
    with torch.inference_mode(False):  # the cached network may be used outside inference mode
        return build_network(HELD_OUT, seed=seed, deepest_layer=HELD_OUT.depth)


def _mean(values: Iterable[float]) -> float:
    numbers = list(values)
    return sum(numbers) / len(numbers)
