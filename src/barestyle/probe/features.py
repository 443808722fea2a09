"""Features of images: statistics of a network's maps, pooled over positions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from barestyle.networks import Network

Kind = Literal["means", "moments", "whitened"]
KINDS: tuple[Kind, ...] = ("means", "moments", "whitened")

MAX_CHANNELS = 64
"""Layers of more channels are projected to so many before their second moments, by random directions."""

BATCH = 100
EPSILON = 1e-3
"""Smallest eigenvalue that is whitened, relative to the mean one."""


@dataclass(frozen=True)
class Moments:
    """Of the maps of one layer, for N images: means (N, C) and covariances (N, c, c) over positions, after ReLU."""

    means: Tensor
    covariances: Tensor

    def first(self, number: int) -> Moments:
        """Return the moments of the first images."""
        return Moments(self.means[:number], self.covariances[:number])


def compute_moments(network: Network, images: Tensor, layers: Sequence[int]) -> dict[int, Moments]:
    """Return the moments of some layers of a network for images (N, 3, S, S) in 0..1."""
    parts: dict[int, list[Moments]] = {layer: [] for layer in layers}
    with torch.no_grad():
        for start in range(0, len(images), BATCH):
            taps = network(images[start : start + BATCH])
            for layer in layers:
                parts[layer].append(_pool(F.relu(taps[layer])))
    return {
        layer: Moments(torch.cat([part.means for part in each]), torch.cat([part.covariances for part in each]))
        for layer, each in parts.items()
    }


def _pool(maps: Tensor) -> Moments:
    flat = maps.flatten(2)
    means = flat.mean(dim=2)
    projected = flat if flat.shape[1] <= MAX_CHANNELS else _projection(flat.shape[1]) @ flat
    centered = projected - projected.mean(dim=2, keepdim=True)
    return Moments(means, centered @ centered.transpose(1, 2) / flat.shape[2])


def _projection(channels: int) -> Tensor:
    """Return MAX_CHANNELS orthonormal directions in the space of channels, always the same."""
    random = torch.randn(channels, MAX_CHANNELS, generator=torch.Generator().manual_seed(0))
    directions: Tensor = torch.linalg.qr(random)[0].T.contiguous()
    return directions


class Featurizer:
    """Turns moments into the vectors of a kind; the whitening is that of the training images.

    Args:
        kind: "means" are the channels' means; "moments" also the covariances of channels; "whitened" both, after a
            linear map of the channels with which the training images have unit covariance on average.
        training: the moments of the training images.
    """

    def __init__(self, kind: Kind, training: Moments) -> None:
        self._kind = kind
        self._whitening = _inverse_root(training.covariances.mean(dim=0)) if kind == "whitened" else None

    def transform(self, moments: Moments) -> Tensor:
        """Return vectors (N, D)."""
        if self._kind == "means":
            return moments.means
        covariances = moments.covariances
        if self._whitening is not None:
            covariances = self._whitening @ covariances @ self._whitening
        rows, columns = torch.triu_indices(*covariances.shape[1:])
        return torch.cat((moments.means, covariances[:, rows, columns]), dim=1)


def _inverse_root(covariance: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(covariance.double())
    scale = values.clamp(min=EPSILON * float(values.mean())).rsqrt()
    root: Tensor = ((vectors * scale) @ vectors.T).to(covariance.dtype)
    return root
