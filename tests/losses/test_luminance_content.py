"""The forms loss, against PyTorch's own antialiased resizing and autograd."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from barestyle.losses.luminance_content import LIGHTNESS_WEIGHT, PIXELS_WEIGHT, LuminanceContentTerm, blur
from barestyle.spec import LuminanceContentLoss


def plain_forms_loss(image: Tensor, content: Tensor, cells: int, strength: float = 0.5) -> Tensor:
    """The same loss, resized in two dimensions at once and left to autograd."""
    tradeoff = (1 - strength) / strength
    luma = torch.tensor([0.299, 0.587, 0.114], dtype=image.dtype).view(1, 3, 1, 1)
    difference = ((image - content) * luma).sum(1, keepdim=True)
    height, width = image.shape[-2:]
    cell = max(height, width) / cells
    size = max(round(height / cell), 1), max(round(width / cell), 1)
    blurred = F.interpolate(difference, size, mode="bilinear", antialias=True) if cell > 1 else difference
    pixels = (image - content).square().mean()
    return LIGHTNESS_WEIGHT * tradeoff * blurred.square().mean() + PIXELS_WEIGHT * tradeoff**3 * pixels


def pair(height: int, width: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(3)
    image, content = torch.rand(2, 1, 3, height, width, generator=generator, dtype=torch.float64)
    return image, content


@pytest.mark.parametrize("strength", [0.1, 0.5, 0.9])
@pytest.mark.parametrize(("height", "width", "cells"), [(40, 30, 8), (31, 47, 16), (20, 24, 64)])
def test_it_equals_the_plain_form(height: int, width: int, cells: int, strength: float) -> None:
    image, content = pair(height, width)
    leaf = image.clone().requires_grad_(True)
    expected = plain_forms_loss(leaf, content, cells, strength)
    (wanted,) = torch.autograd.grad(expected, leaf)
    gradient = torch.ones_like(image)
    loss = LuminanceContentTerm(content, LuminanceContentLoss(strength=strength, cells=cells)).add(image, gradient)
    assert float(loss) == pytest.approx(float(expected.detach()), rel=1e-12)
    torch.testing.assert_close(gradient - 1, wanted, rtol=1e-9, atol=1e-14)


def test_the_content_itself_and_full_strength_cost_nothing() -> None:
    image, content = pair(24, 32)
    gradient = torch.zeros_like(image)
    assert float(LuminanceContentTerm(content, LuminanceContentLoss()).add(content, gradient)) == 0
    assert float(LuminanceContentTerm(content, LuminanceContentLoss(strength=1)).add(image, gradient)) == 0
    assert not bool(gradient.any())


def test_flat_color_of_the_same_lightness_is_free() -> None:
    """Red against the green that is as light: the lightness part does not see it."""
    content = torch.zeros(1, 3, 20, 20, dtype=torch.float64)
    content[:, 0] = 0.5
    image = torch.zeros_like(content)
    image[:, 1] = 0.5 * 0.299 / 0.587
    forms = LuminanceContentTerm(content, LuminanceContentLoss(strength=0.999))
    assert float(forms.add(image, torch.zeros_like(image))) < 1e-10


@pytest.mark.parametrize("side", [7, 40, 513])
def test_blurring_keeps_means(side: int) -> None:
    torch.testing.assert_close(blur(side, 4.0).sum(1), torch.ones(max(round(side / 4), 1), dtype=torch.float64))
