"""The bound on an image's colors: its value and gradient, against autograd, and what is free."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from barestyle.losses import Region, StyleImage, build_guide_maps
from barestyle.losses.color_bound import ColorBoundTerm
from barestyle.losses.structure_guide import GuideMaps
from tests.conftest import drawing, planes
from tests.losses.cases import compute_color_bound_loss


def draw_maps(height: int = 60, width: int = 90) -> tuple[Tensor, GuideMaps]:
    """Return a content, (1, 3, h, w) in float64, and its guide in another picture's style."""
    content, style = (planes(drawing(width, height, seed=seed)).double() for seed in (0, 1))
    return content, build_guide_maps(content, Region((StyleImage(style),)), resolution=96)


@pytest.mark.parametrize(("height", "width"), [(60, 90), (150, 260)])
@pytest.mark.parametrize("is_masked", [False, True])
def test_it_equals_the_plain_form(height: int, width: int, is_masked: bool) -> None:
    content, maps = draw_maps(height, width)
    mask = None
    if is_masked:
        mask = torch.zeros(1, 1, height, width, dtype=torch.float64)
        mask[..., : width // 3] = 1
        mask[..., width // 3 : width // 2] = 0.7
    leaf = content.flip(3).requires_grad_(True)
    expected = compute_color_bound_loss(leaf, maps, mask)
    (expected_gradient,) = torch.autograd.grad(expected, leaf)
    assert float(expected.detach()) > 0.01
    gradient = torch.ones_like(content)
    loss = ColorBoundTerm(maps, content, mask, 3.0).add_gradient(leaf.detach(), gradient)
    assert float(loss) == pytest.approx(3 * float(expected.detach()), rel=1e-9)
    torch.testing.assert_close(gradient - 1, 3 * expected_gradient, rtol=1e-7, atol=1e-12)


def test_a_picture_in_its_own_style_costs_nothing() -> None:
    content, _ = draw_maps()
    maps = build_guide_maps(content, Region((StyleImage(content.clone()),)), resolution=96)
    gradient = torch.zeros_like(content)
    assert float(ColorBoundTerm(maps, content, None, 1.0).add_gradient(content, gradient)) < 1e-3


def test_lightness_and_fine_strokes_are_free_but_a_stain_is_not() -> None:
    content = torch.full((1, 3, 256, 256), 0.5, dtype=torch.float64)
    style = planes(drawing(256, 256, seed=1)).double()
    maps = build_guide_maps(content, Region((StyleImage(style),)), resolution=96)
    target = maps.palette_mean.view(1, 3, 1, 1).expand(1, 3, 256, 256)
    # From lightness, red against green, and yellow against blue to RGB.
    axes = torch.tensor(((0.299, 0.587, 0.114), (0.5, -0.5, 0.0), (0.25, 0.25, -0.5)), dtype=torch.float64)
    image = torch.einsum("ca,nahw->nchw", torch.linalg.inv(axes), target)
    term = ColorBoundTerm(maps, content, None, 1.0)

    def measure(change: Tensor) -> float:
        return float(term.add_gradient(image + change, torch.zeros_like(image)))

    yellow = torch.tensor([0.2, 0.2, -0.4], dtype=torch.float64).view(1, 3, 1, 1)
    stain, stripes = torch.zeros(2, 1, 1, 256, 256, dtype=torch.float64)
    stain[..., 100:120, 100:120] = 1
    stripes[..., ::2] = 1
    stripes[..., 1::2] = -1
    assert measure(torch.zeros_like(image)) == 0
    assert measure(torch.full_like(image, 0.3)) == 0, "lightness"
    assert measure(stripes * yellow) < 1e-9
    assert measure(stain * yellow) > 1e-4
