"""How alike the Gram matrices of result and style are, under networks that no run optimizes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from barestyle.metrics.metric import MetricInputs
from barestyle.networks import Network, build
from barestyle.networks import vgg19 as pretrained
from barestyle.spec import (
    VGG,
    AveragePooling,
    ConstantBias,
    GaussianWeights,
    GramLoss,
    PretrainedBias,
    PretrainedWeights,
    Spec,
    ZeroBias,
)
from barestyle.spec.network import VGG19_CHANNELS

HELD_OUT = VGG(weights=GaussianWeights(std=0.05), bias=ZeroBias(), pooling=AveragePooling())
"""Of a family that no preset has: dense weights, no bias, average pooling. Without bias the std cancels."""

HELD_OUT_SEEDS = tuple(range(2**62, 2**62 + 4))
"""Far from any seed that a study or a person would count up to."""

JUDGE_DEPTH = 8
"""conv1_1 to conv3_4 of VGG-19."""

UNSEEN = (6, 7, 8)
"""conv3_2 to conv3_4: the paper's objectives end at conv3_1, so no method optimizes these."""


def held_out(judged: MetricInputs) -> float:
    """Relative Gram distance to the style, mean over five layers of four held-out random networks."""
    distances = [_mean(relative_distances(_held_out_network(seed), judged).values()) for seed in HELD_OUT_SEEDS]
    return _mean(distances)


def trained(judged: MetricInputs) -> float:
    """Relative Gram distance to the style under trained VGG-19, mean over conv1_1 to conv3_4."""
    return _mean(relative_distances(_trained_network(judged), judged).values())


def trained_unseen(judged: MetricInputs) -> float:
    """The same over conv3_2 to conv3_4 alone, which no method optimizes."""
    distances = relative_distances(_trained_network(judged), judged)
    return _mean(distances[tap] for tap in UNSEEN)


def optimizes_trained_gram(spec: Spec) -> bool:
    """Whether a run's own loss is the Gram distance under the trained network itself."""
    network = spec.network
    return (
        isinstance(network, VGG)
        and isinstance(network.weights, PretrainedWeights)
        and isinstance(network.bias, PretrainedBias | ZeroBias | ConstantBias)
        and isinstance(spec.style_loss, GramLoss)
    )


def relative_distances(network: Network, judged: MetricInputs) -> dict[int, float]:
    """‖G - G_style‖² / ‖G_style‖² (Frobenius) at every layer, after its ReLU, G being the mean of f fᵀ."""
    with torch.no_grad():
        own, wanted = (_grams(network, image) for image in (judged.result, judged.style))
    return {tap: float((own[tap] - wanted[tap]).square().sum() / wanted[tap].square().sum()) for tap in own}


def _grams(network: Network, image: Tensor) -> dict[int, Tensor]:
    return {tap: _gram(F.relu(maps)) for tap, maps in network(image).items()}


def _gram(maps: Tensor) -> Tensor:
    """(1, c, h, w) to (c, c), float64: a distance is the difference of two nearly equal sums."""
    rows = maps[0].flatten(1).double()
    return rows @ rows.T / rows.shape[1]


@lru_cache(maxsize=len(HELD_OUT_SEEDS))
def _held_out_network(seed: int) -> Network:
    with torch.inference_mode(False):  # it is kept
        return build(HELD_OUT, seed=seed, deepest_tap=HELD_OUT.depth)


def _trained_network(judged: MetricInputs) -> Network:
    return _loaded(pretrained.find(None if judged.weights is None else str(judged.weights)))


@lru_cache(maxsize=1)
def _loaded(path: Path) -> Network:
    spec = VGG(channels=VGG19_CHANNELS[:JUDGE_DEPTH], weights=PretrainedWeights(), bias=PretrainedBias(), rescale=False)
    with torch.inference_mode(False):  # it is kept
        return build(spec, seed=0, deepest_tap=JUDGE_DEPTH, trained=pretrained.load(path, JUDGE_DEPTH))


def _mean(values: Iterable[float]) -> float:
    numbers = list(values)
    return sum(numbers) / len(numbers)
