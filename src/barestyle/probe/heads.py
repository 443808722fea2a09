"""Transfer: the first layers of a network stay as they are, and a small head above them is trained."""

from __future__ import annotations

import math

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


def train_head(
    network: Network | None, layer: int, data: Dataset, rows: Tensor, validation: Tensor, *, epochs: int, seed: int
) -> tuple[float, float]:
    """Train a head on the features of some training images; return the shares of test images and of validation images
    that it gets right.

    Args:
        network: the frozen network, or None for raw pixels.
        layer: the layer whose maps, after ReLU, the head sees.
        data: the images.
        rows: the training images to use.
        validation: other training images, which compare layers without a look at the test images. Without any, their
            share is NaN.
        epochs: times that each of them is seen, with Adam and a one-cycle learning rate.
        seed: of the head and of the order of the images.
    """
    images, labels = data.train.images[rows], data.train.labels[rows]
    channels = _maps(network, layer, images[:1]).shape[1]
    head = build_head(channels, len(data.classes), seed)
    steps = epochs * -(-len(rows) // BATCH)
    optimizer = torch.optim.Adam(head.parameters(), lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=LEARNING_RATE, total_steps=steps)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        order = torch.randperm(len(rows), generator=generator)
        for start in range(0, len(rows), BATCH):
            batch = order[start : start + BATCH]
            loss = F.cross_entropy(head(_maps(network, layer, images[batch])), labels[batch])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    held_out = Split(data.train.images[validation], data.train.labels[validation])
    return _measure(head, network, layer, data.test), _measure(head, network, layer, held_out)


def _measure(head: nn.Module, network: Network | None, layer: int, split: Split) -> float:
    if not len(split.labels):
        return math.nan
    head.eval()
    right = 0
    with torch.no_grad():
        for start in range(0, len(split.labels), BATCH):
            maps = _maps(network, layer, split.images[start : start + BATCH])
            right += int((head(maps).argmax(dim=1) == split.labels[start : start + BATCH]).sum())
    return right / len(split.labels)


def _maps(network: Network | None, layer: int, images: Tensor) -> Tensor:
    with torch.no_grad():
        return images if network is None else F.relu(network(images)[layer])
