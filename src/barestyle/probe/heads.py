"""Transfer: the first layers of a network stay as they are, and a small head above them is trained."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from barestyle.networks import Network
from barestyle.probe.dataset import Dataset, Split

BATCH = 100
LEARNING_RATE = 2e-3
WIDTH = 64
"""Channels of the head's first convolution; the second has twice as many."""


def build_head(channels: int, classes: int, seed: int) -> nn.Module:
    """Return two convolutions with batch normalization, a mean over positions, and a linear layer."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.BatchNorm2d(channels),
            nn.Conv2d(channels, WIDTH, 3, stride=2, padding=1),
            nn.BatchNorm2d(WIDTH),
            nn.ReLU(),
            nn.Conv2d(WIDTH, 2 * WIDTH, 3, stride=2, padding=1),
            nn.BatchNorm2d(2 * WIDTH),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(2 * WIDTH, classes),
        )


def train_heads(
    network: Network | None,
    layers: Sequence[int],
    data: Dataset,
    rows: Tensor,
    validation: Tensor,
    *,
    epochs: int,
    seed: int,
) -> list[tuple[float, float]]:
    """Train a head on the features of each layer of some training images; return for each layer the shares of test
    images and of validation images that its head gets right.

    All heads see the same images at the same time, as computing the features takes longer than training a head.

    Args:
        network: the frozen network, or None for raw pixels.
        layers: the layers whose maps, after ReLU, a head sees.
        data: the images.
        rows: the training images to use.
        validation: other training images, which compare layers without a look at the test images. Without any, their
            share is NaN.
        epochs: times that each of them is seen, with Adam and a one-cycle learning rate.
        seed: of the heads and of the order of the images.
    """
    images, labels = data.train.images[rows], data.train.labels[rows]
    channels = [maps.shape[1] for maps in _maps(network, layers, images[:1])]
    heads = [build_head(each, len(data.classes), seed) for each in channels]
    steps = epochs * -(-len(rows) // BATCH)
    # Adam treats every parameter by itself, so that one optimizer for all heads is one for each.
    optimizer = torch.optim.Adam([parameter for head in heads for parameter in head.parameters()], lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=LEARNING_RATE, total_steps=steps)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        order = torch.randperm(len(rows), generator=generator)
        for batch in torch.split(order, BATCH):
            optimizer.zero_grad()
            for head, maps in zip(heads, _maps(network, layers, images[batch]), strict=True):
                F.cross_entropy(head(maps), labels[batch]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    held_out = Split(data.train.images[validation], data.train.labels[validation])
    splits = [_measure(heads, network, layers, split) for split in (data.test, held_out)]
    return list(zip(*splits, strict=True))


def _measure(heads: Sequence[nn.Module], network: Network | None, layers: Sequence[int], split: Split) -> list[float]:
    if not len(split.labels):
        return [math.nan] * len(heads)
    right = [0] * len(heads)
    with torch.no_grad():
        for images, labels in zip(torch.split(split.images, BATCH), torch.split(split.labels, BATCH), strict=True):
            for i, (head, maps) in enumerate(zip(heads, _maps(network, layers, images), strict=True)):
                right[i] += int((head.eval()(maps).argmax(dim=1) == labels).sum())
    return [each / len(split.labels) for each in right]


def _maps(network: Network | None, layers: Sequence[int], images: Tensor) -> list[Tensor]:
    if network is None:
        return [images]
    with torch.no_grad():
        maps = network(images)
        return [F.relu(maps[layer]) for layer in layers]
