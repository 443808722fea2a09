"""A linear classifier on features, and its accuracy over the number of training images."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import torch
from scipy.linalg import LinAlgWarning
from sklearn.linear_model import RidgeClassifier
from sklearn.preprocessing import StandardScaler
from torch import Tensor

ALPHAS = (10.0, 100.0, 1000.0, 10000.0)
"""Strengths of the ridge penalty that are tried."""

VALIDATION_SHARE = 0.2
"""Of the training images that choose the penalty."""


def draw_rows(labels: Tensor, number: int, seed: int) -> Tensor:
    """Return the rows of so many training images, as evenly over classes as possible, drawn with a seed.

    A smaller number gives a part of the rows of a larger one.
    """
    generator = torch.Generator().manual_seed(seed)
    by_class = []
    for label in torch.unique(labels):
        rows = (labels == label).nonzero()[:, 0]
        by_class.append(rows[torch.randperm(len(rows), generator=generator)])
    longest = max(len(rows) for rows in by_class)
    ordered = [rows[i] for i in range(longest) for rows in by_class if i < len(rows)]
    return torch.stack(ordered[:number])


def measure_accuracy(
    train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor], alphas: Sequence[float] = ALPHAS
) -> float:
    """Return the share of test images whose class a ridge classifier gets right, 0..1.

    Args:
        train, test: features (N, D) and classes (N,). Features are standardized by the training images. Every fifth
            training image chooses the penalty; then the classifier is fitted to all of them.
        alphas: penalties to choose from.
    """
    (x, y), (test_x, test_y) = ((features.numpy(), labels.numpy()) for features, labels in (train, test))
    alpha = alphas[0] if len(alphas) == 1 else _choose_alpha(x, y, alphas)
    return _fit_and_score((x, y), (test_x, test_y), alpha)


def _choose_alpha(x: np.ndarray, y: np.ndarray, alphas: Sequence[float]) -> float:
    is_validation = np.arange(len(y)) % round(1 / VALIDATION_SHARE) == 0
    if len(np.unique(y[~is_validation])) < 2:
        return alphas[len(alphas) // 2]
    train, validation = ((x[rows], y[rows]) for rows in (~is_validation, is_validation))
    return max(alphas, key=lambda alpha: _fit_and_score(train, validation, alpha))


def _fit_and_score(train: tuple[np.ndarray, np.ndarray], test: tuple[np.ndarray, np.ndarray], alpha: float) -> float:
    scaler = StandardScaler().fit(train[0])
    with warnings.catch_warnings():
        # A small penalty on many features is near the limit of float32; it is chosen only if it predicts well.
        warnings.simplefilter("ignore", LinAlgWarning)
        model = RidgeClassifier(alpha=alpha, solver="cholesky").fit(scaler.transform(train[0]), train[1])
    return float(model.score(scaler.transform(test[0]), test[1]))
