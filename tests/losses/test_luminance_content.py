"""The luminance content loss, against PyTorch's own antialiased resizing and autograd."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from barestyle.losses.luminance_content import LuminanceContentTerm
from barestyle.spec import LuminanceContentLoss
from tests.losses.cases import compute_luminance_content_loss


def draw_pair(height: int, width: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(3)
    image, content = torch.rand(2, 1, 3, height, width, generator=generator, dtype=torch.float64)
    return image, content


@pytest.mark.parametrize("strength", [0.1, 0.5, 0.9])
@pytest.mark.parametrize(("height", "width", "cells"), [(40, 30, 8), (31, 47, 16), (20, 24, 64)])
def test_it_equals_the_plain_form(height: int, width: int, cells: int, strength: float) -> None:
    image, content = draw_pair(height, width)
    leaf = image.clone().requires_grad_(True)
    expected = compute_luminance_content_loss(leaf, content, cells, strength)
    (expected_gradient,) = torch.autograd.grad(expected, leaf)
    gradient = torch.ones_like(image)
    loss = LuminanceContentTerm(content, LuminanceContentLoss(strength=strength, resolution=cells)).add_gradient(
        image, gradient
    )
    assert float(loss) == pytest.approx(float(expected.detach()), rel=1e-12)
    torch.testing.assert_close(gradient - 1, expected_gradient, rtol=1e-9, atol=1e-14)


def test_the_content_itself_and_full_strength_cost_nothing() -> None:
    image, content = draw_pair(24, 32)
    gradient = torch.zeros_like(image)
    assert float(LuminanceContentTerm(content, LuminanceContentLoss()).add_gradient(content, gradient)) == 0
    assert float(LuminanceContentTerm(content, LuminanceContentLoss(strength=1)).add_gradient(image, gradient)) == 0
    assert not bool(gradient.any())


def test_a_flat_color_of_the_same_lightness_costs_nothing() -> None:
    """Red against a green of the same lightness: the lightness part is zero."""
    content = torch.zeros(1, 3, 20, 20, dtype=torch.float64)
    content[:, 0] = 0.5
    image = torch.zeros_like(content)
    image[:, 1] = 0.5 * 0.299 / 0.587
    term = LuminanceContentTerm(content, LuminanceContentLoss(strength=0.999))
    assert float(term.add_gradient(image, torch.zeros_like(image))) < 1e-10
