"""The whitened loss: closed forms, invariances, and styles whose statistics degenerate."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.linalg import fractional_matrix_power
from torch import Tensor

from barestyle.losses import Moments, compute_moments, whiten_style, whitened_loss
from tests.losses.cases import correlated_maps


def test_it_equals_scipys_matrix_power() -> None:
    x, y = correlated_maps(0), correlated_maps(1)
    epsilon = 1e-3
    a, b = (m[0].flatten(1).numpy() for m in (x, y))
    covariance = np.cov(b, bias=True)
    ridge = epsilon * np.linalg.eigvalsh(covariance)[-1] * np.eye(5)
    w = fractional_matrix_power(covariance + ridge, -0.5)
    mean = w @ (a.mean(1) - b.mean(1))
    difference = w @ (np.cov(a, bias=True) - covariance) @ w
    expected = (np.sum(mean**2) + np.sum(difference**2)) / 5
    actual = float(whitened_loss(compute_moments(x), whiten_style(compute_moments(y), epsilon)))
    assert actual == pytest.approx(expected, rel=1e-9)


def test_it_is_zero_at_the_style_itself() -> None:
    x = compute_moments(correlated_maps(0))
    assert float(whitened_loss(x, whiten_style(x, 1e-3))) == 0


@pytest.mark.parametrize("factor", [1e-3, 40.0])
def test_it_does_not_depend_on_the_features_scale(factor: float) -> None:
    x, y = correlated_maps(0), correlated_maps(1)
    plain = whitened_loss(compute_moments(x), whiten_style(compute_moments(y), 1e-3))
    scaled = whitened_loss(compute_moments(x * factor), whiten_style(compute_moments(y * factor), 1e-3))
    assert float(scaled) == pytest.approx(float(plain), rel=1e-9)


def test_it_does_not_depend_on_a_rotation_of_the_features() -> None:
    x, y = correlated_maps(0), correlated_maps(1)
    rotation = torch.linalg.qr(torch.randn(5, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64))[0]
    plain = whitened_loss(compute_moments(x), whiten_style(compute_moments(y), 1e-3))
    x, y = (torch.einsum("dc,nchw->ndhw", rotation, features) for features in (x, y))
    turned = whitened_loss(compute_moments(x), whiten_style(compute_moments(y), 1e-3))
    assert float(turned) == pytest.approx(float(plain), rel=1e-9)


@pytest.mark.parametrize(
    "style",
    [
        torch.full((1, 4, 6, 6), 0.7),
        torch.zeros(1, 4, 6, 6),
        torch.rand(1, 1, 6, 6, generator=torch.Generator().manual_seed(0)).repeat(1, 4, 1, 1),
        torch.rand(1, 40, 2, 3, generator=torch.Generator().manual_seed(0)),
    ],
    ids=["one color", "all zero", "repeated features", "fewer pixels than channels"],
)
def test_degenerate_styles_have_finite_losses_and_gradients(style: Tensor) -> None:
    target = whiten_style(compute_moments(style), 1e-3)
    generator = torch.Generator().manual_seed(1)
    x = torch.rand(1, style.shape[1], 6, 6, generator=generator, requires_grad=True)
    loss = whitened_loss(compute_moments(x), target)
    (gradient,) = torch.autograd.grad(loss, x)
    assert bool(torch.isfinite(loss)), "the loss"
    assert bool(torch.isfinite(gradient).all()), "the gradient"
    assert float(loss.detach()) > 0


@pytest.mark.parametrize("seed", range(3))
def test_rounding_noise_of_a_flat_style_is_not_amplified(seed: int) -> None:
    """A covariance that is noise of 5e-6 of the features' squared length costs the same as none, to a few percent."""
    generator = torch.Generator().manual_seed(seed)
    mean = torch.rand(16, generator=generator, dtype=torch.float64) + 0.5
    noise = torch.randn(16, 16, generator=generator, dtype=torch.float64)
    noise = (noise + noise.T) / torch.linalg.matrix_norm(noise + noise.T, 2)
    exact = Moments(1.0, mean, torch.outer(mean, mean))
    noisy = Moments(1.0, mean, exact.second + 5e-6 * float(mean.square().sum()) * noise)
    x = compute_moments(torch.rand(1, 16, 6, 6, generator=generator, dtype=torch.float64))
    plain = float(whitened_loss(x, whiten_style(exact, 1e-2)))
    assert float(whitened_loss(x, whiten_style(noisy, 1e-2))) == pytest.approx(plain, rel=0.1)
    assert float(whitened_loss(noisy, whiten_style(exact, 1e-2))) < 0.05**2


def test_float32_statistics_agree_with_float64() -> None:
    x, y = correlated_maps(0), correlated_maps(1)
    fine = float(whitened_loss(compute_moments(x), whiten_style(compute_moments(y), 1e-3)))
    coarse = float(whitened_loss(compute_moments(x.float()), whiten_style(compute_moments(y.float()), 1e-3)))
    assert coarse == pytest.approx(fine, rel=1e-4)
