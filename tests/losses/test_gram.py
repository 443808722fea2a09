"""The Gram matrix and its loss, against the textbook."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from barestyle.losses import compute_moments, gram_loss, gram_matrix
from tests.losses.cases import correlated_maps


def test_it_equals_the_textbook() -> None:
    x, y = correlated_maps(0), correlated_maps(1, height=7)
    a, b = (m[0].flatten(1).numpy() for m in (x, y))
    expected = np.mean((a @ a.T / a.size - b @ b.T / b.size) ** 2)
    assert float(gram_loss(compute_moments(x), gram_matrix(compute_moments(y)))) == pytest.approx(expected, rel=1e-12)


def test_the_order_of_pixels_does_not_matter() -> None:
    x = correlated_maps(0)
    order = torch.randperm(72, generator=torch.Generator().manual_seed(0))
    shuffled = x.flatten(2)[..., order].view_as(x)
    torch.testing.assert_close(gram_matrix(compute_moments(shuffled)), gram_matrix(compute_moments(x)))
