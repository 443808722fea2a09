"""Measure probes: accuracies by kind of features, layer, number of training images and seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from barestyle.errors import SpecError
from barestyle.networks import Network, build_network, compute_minimum_side
from barestyle.networks.vgg19 import find_weights, load_layers
from barestyle.probe.dataset import Dataset
from barestyle.probe.declaration import Probe
from barestyle.probe.features import KINDS, Featurizer, Kind, Moments, compute_moments
from barestyle.probe.heads import train_heads
from barestyle.probe.linear import draw_rows, measure_accuracy
from barestyle.spec import VGG, Spec

HEAD = "head"
"""The kind of an accuracy with a trained head."""


@dataclass(frozen=True)
class Accuracy:
    """The accuracy of a probe on the test images.

    Attributes:
        probe: its name.
        kind: of the features, or "head".
        layer: a number from 1, or 0 for all layers together.
        number: of training images.
        seed: of the network, the training images, and the head.
        accuracy: share of test images whose class is right, 0..1.
        validation: the same of training images that were set aside, which choose the layer; NaN if there were none.
    """

    probe: str
    kind: str
    layer: int
    number: int
    seed: int
    accuracy: float
    validation: float


HEAD_VALIDATION = 500
"""Training images beside those of a head that choose its layer."""

OnAccuracy = Callable[[Accuracy], None]


def build_probe_network(spec: Spec, seed: int, *, size: int, weights: Path | None = None) -> Network:
    """Return the whole network of a spec.

    Raises SpecError for images smaller than the network needs, WeightsError if there are no trained weights.
    """
    smallest = compute_minimum_side(spec.network)
    if size < smallest:
        raise SpecError(f"images of {size} pixels are too small for this network; it needs {smallest} per side")
    depth = spec.network.depth
    trained = None
    if isinstance(spec.network, VGG) and spec.network.is_trained:
        trained = load_layers(find_weights(str(weights) if weights else spec.network.trained_file), depth)
    return build_network(spec.network, seed=seed, deepest_layer=depth, trained=trained)


def measure_probe(
    probe: Probe,
    data: Dataset,
    sizes: Sequence[int],
    seed: int,
    *,
    kinds: Sequence[Kind] = KINDS,
    weights: Path | None = None,
    on_accuracy: OnAccuracy = lambda accuracy: None,
) -> None:
    """Measure a linear classifier on every kind of features of every layer, with growing numbers of training images.

    Args:
        probe: the network.
        data: the images.
        sizes: numbers of training images.
        seed: of the network and of the training images.
        kinds: of features. The means of all layers together are measured as layer 0.
        weights: file of trained weights.
        on_accuracy: called with every accuracy. Raw pixels are measured once, as means of layer 1.

    Raises SpecError or WeightsError as `build_probe_network` does.
    """
    spec = probe.build_spec()
    drawn = draw_rows(data.train.labels, max(sizes), seed)
    images, labels = data.train.images[drawn], data.train.labels[drawn]

    def report(kind: str, layer: int, train: Tensor, test: Tensor, number: int) -> None:
        accuracies = measure_accuracy((train, labels[:number]), (test, data.test.labels))
        on_accuracy(Accuracy(probe.variant, kind, layer, number, seed, *accuracies))

    if spec is None:
        for number in sizes:
            report("means", 1, images[:number].flatten(1), data.test.images.flatten(1), number)
        return
    network = build_probe_network(spec, seed, size=data.train.images.shape[-1], weights=weights)
    layers = range(1, spec.network.depth + 1)
    train_moments, test_moments = (compute_moments(network, each, layers) for each in (images, data.test.images))
    for number in sizes:
        parts = {layer: train_moments[layer].first(number) for layer in layers}
        for layer in layers:
            for kind in kinds:
                report(kind, layer, *_vectors(kind, parts[layer], test_moments[layer]), number)
        if "means" in kinds:
            train, test = (torch.cat([each[layer].means for layer in layers], dim=1) for each in (parts, test_moments))
            report("means", 0, train, test, number)


def _vectors(kind: Kind, train: Moments, test: Moments) -> tuple[Tensor, Tensor]:
    featurizer = Featurizer(kind, train)
    return featurizer.transform(train), featurizer.transform(test)


def measure_heads(
    probe: Probe,
    data: Dataset,
    number: int,
    seed: int,
    *,
    epochs: int,
    weights: Path | None = None,
    on_accuracy: OnAccuracy = lambda accuracy: None,
) -> None:
    """Train a head above every layer of a probe, or above raw pixels, on so many training images."""
    spec = probe.build_spec()
    drawn = draw_rows(data.train.labels, number + HEAD_VALIDATION, seed)
    rows, validation = drawn[:number], drawn[number:]
    network = None
    if spec is not None:
        network = build_probe_network(spec, seed, size=data.train.images.shape[-1], weights=weights)
    layers = range(1, 2 if spec is None else spec.network.depth + 1)
    accuracies_of_layers = train_heads(network, layers, data, rows, validation, epochs=epochs, seed=seed)
    for layer, accuracies in zip(layers, accuracies_of_layers, strict=True):
        on_accuracy(Accuracy(probe.variant, HEAD, layer, number, seed, *accuracies))
