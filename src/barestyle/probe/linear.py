"""A linear classifier on features, and its accuracy over the number of training images."""

from __future__ import annotations

import math
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
) -> tuple[float, float]:
    """Return the shares of test images and of validation images whose class a ridge classifier gets right, 0..1.

    Args:
        train, test: features (N, D) and classes (N,). Features are standardized by the training images. A fifth of the
            training images, drawn with a fixed seed, chooses the penalty; then the classifier is fitted to all of them.
        alphas: penalties to choose from.

    The share of validation images, with the chosen penalty, compares layers without a look at the test images. It is
    NaN if there are too few training images to set some aside.
    """
    (x, y), (test_x, test_y) = ((features.numpy(), labels.numpy()) for features, labels in (train, test))
    validation, alpha = _choose_alpha(x, y, alphas)
    return _fit_and_score((x, y), (test_x, test_y), alpha), validation


def _choose_alpha(x: np.ndarray, y: np.ndarray, alphas: Sequence[float]) -> tuple[float, float]:
    """Return the validation accuracy of the best penalty, and that penalty."""
    order = np.random.default_rng(0).permutation(len(y))
    number = round(VALIDATION_SHARE * len(y))
    validation, fitted = order[:number], order[number:]
    if not number or len(np.unique(y[fitted])) < 2:
        return math.nan, alphas[len(alphas) // 2]
    parts = [(x[rows], y[rows]) for rows in (fitted, validation)]
    return max((_fit_and_score(parts[0], parts[1], alpha), alpha) for alpha in alphas)


def _fit_and_score(train: tuple[np.ndarray, np.ndarray], test: tuple[np.ndarray, np.ndarray], alpha: float) -> float:
    scaler = StandardScaler().fit(train[0])
    with warnings.catch_warnings():
        # A small penalty on many features is near the limit of float32; it is chosen only if it predicts well.
        warnings.simplefilter("ignore", LinAlgWarning)
        model = RidgeClassifier(alpha=alpha, solver="cholesky").fit(scaler.transform(train[0]), train[1])
    return float(model.score(scaler.transform(test[0]), test[1]))
