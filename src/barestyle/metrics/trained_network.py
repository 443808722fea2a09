"""Trained VGG-19 from conv1_1 to conv3_4, for the metrics that compare its features."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import torch

from barestyle.networks import Network, build_network, vgg19
from barestyle.spec import VGG, ConstantBias, PretrainedBias, PretrainedWeights, Spec, ZeroBias
from barestyle.spec.network import VGG19_CHANNELS

TRAINED_DEPTH = 8
"""conv1_1 to conv3_4 of VGG-19."""


def load_trained_network(weights: Path | None) -> Network:
    """Return the network with the weights of a file, or of the default file for None; the last one is cached.

    It maps (1, 3, H, W) in 0..1 to the feature maps of TRAINED_DEPTH layers, before their ReLU. Raises WeightsError if
    there is no file, or if it has too few layers.
    """
    return _load(vgg19.find_weights(None if weights is None else str(weights)))


def uses_trained_network(spec: Spec) -> bool:
    """Return whether a run compares features of the trained network itself, not of shuffled or binarized weights."""
    network = spec.network
    return (
        isinstance(network, VGG)
        and isinstance(network.weights, PretrainedWeights)
        and isinstance(network.bias, PretrainedBias | ZeroBias | ConstantBias)
    )


@lru_cache(maxsize=1)
def _load(path: Path) -> Network:
    channels = VGG19_CHANNELS[:TRAINED_DEPTH]
    spec = VGG(channels=channels, weights=PretrainedWeights(), bias=PretrainedBias(), rescale=False)
    with torch.inference_mode(False):  # the cached network may be used outside inference mode
        return build_network(spec, seed=0, deepest_layer=TRAINED_DEPTH, trained=vgg19.load_layers(path, TRAINED_DEPTH))
