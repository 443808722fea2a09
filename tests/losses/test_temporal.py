"""The temporal loss against autograd."""

from __future__ import annotations

import pytest
import torch

from barestyle.losses import TemporalTerm


def test_it_equals_the_plain_form_and_autograd() -> None:
    generator = torch.Generator().manual_seed(5)
    image, warped = torch.rand(2, 1, 3, 12, 17, generator=generator, dtype=torch.float64)
    validity = torch.rand(1, 1, 12, 17, generator=generator, dtype=torch.float64)
    leaf = image.clone().requires_grad_(True)
    expected = 7.0 * (validity * (leaf - warped) ** 2).mean()
    (expected_gradient,) = torch.autograd.grad(expected, leaf)
    gradient = torch.ones_like(image)
    loss = TemporalTerm(warped, validity, 7.0).add_gradient(image, gradient)
    assert float(loss) == pytest.approx(float(expected.detach()), rel=1e-12)
    torch.testing.assert_close(gradient - 1, expected_gradient, rtol=1e-9, atol=1e-14)


def test_invalid_pixels_are_free() -> None:
    image, warped = torch.zeros(1, 3, 4, 4), torch.ones(1, 3, 4, 4)
    gradient = torch.zeros_like(image)
    assert float(TemporalTerm(warped, torch.zeros(1, 1, 4, 4), 3.0).add_gradient(image, gradient)) == 0
    assert not bool(gradient.any())
