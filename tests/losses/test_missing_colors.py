"""The penalty on colors that a style does not have: its value, its gradient, and which styles have one."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from barestyle.losses.missing_colors import WEIGHT, find_missing_colors
from barestyle.losses.regions import Region, StyleImage


def draw_pixels(seed: int, height: int = 6, width: int = 7) -> Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def draw_gray(seed: int) -> Tensor:
    return draw_pixels(seed)[:, :1].expand(1, 3, 6, 7).contiguous()


def test_a_style_of_all_colors_has_no_penalty() -> None:
    assert find_missing_colors([Region((StyleImage(draw_pixels(0)),))]) == []


def test_two_gray_styles_of_different_tints_span_a_plane() -> None:
    tinted = draw_gray(1) * torch.tensor([1.0, 0.9, 0.9], dtype=torch.float64).view(1, 3, 1, 1)
    (penalty,) = find_missing_colors([Region((StyleImage(draw_gray(0), share=0.5), StyleImage(tinted, share=0.5)))])
    assert float(penalty.projection.trace()) == pytest.approx(1)


def test_a_gray_style_costs_the_squared_distance_from_gray() -> None:
    (penalty,) = find_missing_colors([Region((StyleImage(draw_gray(0)),))])
    image = draw_pixels(1)
    chroma = image - image.mean(1, keepdim=True)
    loss = penalty.add_gradient(image, torch.zeros_like(image))
    assert float(loss) == pytest.approx(WEIGHT * float(chroma.square().sum(1).mean()), rel=1e-9)
    assert float(penalty.add_gradient(draw_gray(2), torch.zeros_like(image))) == pytest.approx(0, abs=1e-12)


def test_a_style_of_one_color_under_a_mask_ignores_its_transparent_pixels() -> None:
    color = torch.tensor([0.8, 0.1, 0.2], dtype=torch.float64).view(1, 3, 1, 1).expand(1, 3, 6, 7).clone()
    alpha = torch.ones(1, 1, 6, 7, dtype=torch.float64)
    color[..., 0, 0], alpha[..., 0, 0] = 1.0, 0.0
    mask = draw_pixels(3)[:, :1]
    (penalty,) = find_missing_colors([Region((StyleImage(color, alpha),), mask, weight=2.0)])
    image = draw_pixels(1)
    distance = (image - color[..., 1:, 1:].mean((2, 3), keepdim=True)).square().sum(1, keepdim=True)
    loss = penalty.add_gradient(image, torch.zeros_like(image))
    assert float(loss) == pytest.approx(2 * WEIGHT * float((distance * mask).mean()), rel=1e-9)


def test_the_gradient_equals_autograds() -> None:
    mask = draw_pixels(3)[:, :1]
    (penalty,) = find_missing_colors([Region((StyleImage(draw_gray(0)),), mask)])
    image, gradient = draw_pixels(1).requires_grad_(True), torch.zeros(1, 3, 6, 7, dtype=torch.float64)
    loss = penalty.add_gradient(image, gradient)
    (expected,) = torch.autograd.grad(loss, image)
    torch.testing.assert_close(gradient.detach(), expected, rtol=1e-12, atol=1e-15)
