"""The loss of features together with a guide, on features that depend linearly on it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from barestyle.losses import compute_moments, whiten_style, whitened_loss
from barestyle.losses.guided import whiten_guided_style

CHANNELS, GUIDES = 5, 3


def draw(channels: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(1, channels, 60, 50, generator=generator, dtype=torch.float64)


def mix(matrix_seed: int, inputs: Tensor, channels: int) -> Tensor:
    """Return each pixel's vector times a random matrix, (1, channels, h, w)."""
    matrix = torch.randn(
        channels, inputs.shape[1], generator=torch.Generator().manual_seed(matrix_seed), dtype=torch.float64
    )
    return mix_with(matrix, inputs)


def mix_with(matrix: Tensor, inputs: Tensor) -> Tensor:
    """Return each pixel's vector times a matrix."""
    return torch.einsum("ij,njhw->nihw", matrix, inputs)


def compute_loss(
    features: Tensor, guide: Tensor, style: Tensor, style_guide: Tensor, weight: float = 0.8, epsilon: float = 1e-3
) -> float:
    target = whiten_guided_style(
        compute_moments(torch.cat((style, style_guide), dim=1)), compute_moments(guide), weight, epsilon
    )
    return float(whitened_loss(compute_moments(torch.cat((features, guide), dim=1)), target))


def test_the_style_with_its_own_guide_has_loss_zero() -> None:
    guide = draw(GUIDES, 0)
    style = mix(1, guide, CHANNELS) + draw(CHANNELS, 2)
    assert compute_loss(style, guide, style, guide) < 1e-6  # not 0, as the regression has a ridge


def test_features_that_depend_on_another_guide_in_the_same_way_have_almost_no_loss() -> None:
    """The guide of the content has another mean and covariance; only how features depend on it is compared."""
    style_guide, content_guide = draw(GUIDES, 0), 0.5 + mix(9, draw(GUIDES, 3), GUIDES)
    style = mix(1, style_guide, CHANNELS) + draw(CHANNELS, 2)
    same = mix(1, content_guide, CHANNELS) + draw(CHANNELS, 4)
    other = mix(8, content_guide, CHANNELS) + draw(CHANNELS, 4)
    loss = compute_loss(same, content_guide, style, style_guide)
    assert loss < 0.02  # the noise of 3000 samples
    assert compute_loss(other, content_guide, style, style_guide) > 50 * loss
    assert compute_loss(same.flip(3), content_guide, style, style_guide) > 50 * loss, "in the wrong places"


def test_the_residual_may_be_that_of_a_sample() -> None:
    """Features whose residual has another mean and covariance in one part of the style, as in a moon."""
    guide, noise = draw(GUIDES, 0), draw(CHANNELS, 2)
    style = mix(1, guide, CHANNELS) + noise
    style[:, :, :6] += mix(7, noise[:, :, :6], CHANNELS) * 3 + 5
    joint = torch.cat((style, guide), dim=1)
    coefficients = whiten_guided_style(compute_moments(joint), compute_moments(guide), 0.8, 1e-3).covariance
    residual = style - mix_with(coefficients[:CHANNELS, CHANNELS:] @ compute_moments(guide).covariance.inverse(), guide)
    sample = compute_moments(joint[:, :, 6:])
    target = whiten_guided_style(compute_moments(joint), compute_moments(guide), 0.8, 1e-3, sample)
    rest = compute_moments(residual[:, :, 6:])
    explained = mix_with(coefficients[:CHANNELS, CHANNELS:] @ compute_moments(guide).covariance.inverse(), guide)
    torch.testing.assert_close(
        target.covariance[:CHANNELS, :CHANNELS],
        compute_moments(explained).covariance + rest.covariance,
        rtol=1e-3,
        atol=1e-3,
    )
    torch.testing.assert_close(
        target.mean[:CHANNELS], compute_moments(explained).mean + rest.mean, rtol=1e-3, atol=1e-3
    )
    torch.testing.assert_close(target.covariance[:CHANNELS, CHANNELS:], coefficients[:CHANNELS, CHANNELS:])


def test_without_weight_the_loss_is_that_of_the_features_alone() -> None:
    guide = draw(GUIDES, 0)
    style, features = mix(1, guide, CHANNELS) + draw(CHANNELS, 2), draw(CHANNELS, 5)
    plain = whitened_loss(compute_moments(features), whiten_style(compute_moments(style), 1e-3))
    assert compute_loss(features, guide, style, guide, weight=0.0) == pytest.approx(float(plain), rel=1e-3)


def test_a_larger_weight_holds_the_features_closer_to_the_guide() -> None:
    guide = draw(GUIDES, 0)
    style = mix(1, guide, CHANNELS) + draw(CHANNELS, 2)
    losses = [compute_loss(style.flip(3), guide, style, guide, weight, 1e-1) for weight in (0.0, 0.1, 0.4, 1.6)]
    assert losses == sorted(losses)
    assert losses[0] < 1e-6 < 0.1 < losses[-1]


def test_the_scale_of_the_features_does_not_count() -> None:
    guide = draw(GUIDES, 0)
    style, features = mix(1, guide, CHANNELS) + draw(CHANNELS, 2), draw(CHANNELS, 5)
    plain = compute_loss(features, guide, style, guide)
    assert compute_loss(1e3 * features, guide, 1e3 * style, guide) == pytest.approx(plain, rel=1e-6)


def test_a_guide_without_variance_is_ignored() -> None:
    """As that of a style of one color."""
    guide = torch.zeros(1, GUIDES, 60, 50, dtype=torch.float64)
    style, features = draw(CHANNELS, 2), draw(CHANNELS, 5)
    plain = whitened_loss(compute_moments(features), whiten_style(compute_moments(style), 1e-3))
    assert compute_loss(features, guide, style, guide) == pytest.approx(float(plain), rel=1e-6)
