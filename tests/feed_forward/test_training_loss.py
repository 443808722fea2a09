"""The losses of a training: the style as its own result, pooling, and derivatives."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from barestyle.feed_forward import training_loss
from barestyle.feed_forward.training_loss import (
    PooledStyleLoss,
    compute_content_loss,
    compute_joint_moments,
)
from barestyle.losses import Region, StyleImage, build_guide_maps, compute_moments
from barestyle.networks import build_network
from barestyle.presets import preset
from barestyle.spec import WhitenedLoss

SPEC = preset("bare-fast").spec
RESOLUTION = 48


def make_loss(style: Tensor) -> PooledStyleLoss:
    assert isinstance(SPEC.style_loss, WhitenedLoss)
    region = Region((StyleImage(style),))
    network = build_network(SPEC.network, seed=0, deepest_layer=4).to(style.dtype)
    return PooledStyleLoss(network, SPEC.style_loss, region, build_guide_maps(style, region, RESOLUTION))


def make_guide(image: Tensor, style: Tensor) -> Tensor:
    maps = build_guide_maps(image, Region((StyleImage(style),)), RESOLUTION)
    return F.interpolate(maps.content, image.shape[-2:], mode="bilinear", align_corners=False)


def make_image(seed: int, side: int = 160) -> Tensor:
    """Smooth noise with colors of its own, (1, 3, side, side) in 0..1."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.rand(1, 3, side // 4, side // 4, generator=generator)
    smooth = F.interpolate(noise, (side, side), mode="bicubic", align_corners=False)
    return (smooth * torch.tensor([1.0, 0.7, 0.4]).roll(seed).view(1, 3, 1, 1)).clamp(0, 1)


def test_a_style_is_nearly_its_own_best_result() -> None:
    style, other = make_image(0), make_image(1)
    loss = make_loss(style)
    own = float(loss.evaluate(style, make_guide(style, style)))
    foreign = float(loss.evaluate(other, make_guide(other, style)))
    assert own < 0.05 * foreign


def test_moments_are_those_of_the_search() -> None:
    features = torch.randn(2, 5, 24, 20, generator=torch.Generator().manual_seed(0))
    guide = torch.randn(2, 3, 24, 20, generator=torch.Generator().manual_seed(1))
    joint = compute_joint_moments(features, guide)
    stacked = torch.cat((features, guide), dim=1).permute(1, 0, 2, 3).reshape(1, 8, 48, 20)
    expected = compute_moments(stacked)
    torch.testing.assert_close(joint.mean, expected.mean)
    torch.testing.assert_close(joint.covariance, expected.covariance)


def test_a_batch_counts_as_one_image() -> None:
    """Two halves of the same crop have the moments of one."""
    style, image = make_image(0), make_image(1)
    guide = make_guide(image, style)
    single = make_loss(style).evaluate(image, guide)
    double = make_loss(style).evaluate(image.repeat(2, 1, 1, 1), guide.repeat(2, 1, 1, 1))
    torch.testing.assert_close(single, double)


def test_pooling_repeats_a_constant_step_and_mixes_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a decay of a half, a step counts as much as all before it."""
    monkeypatch.setattr(training_loss, "POOLING_DECAY", 0.5)
    style, first, second = make_image(0), make_image(1), make_image(2)
    loss = make_loss(style)
    guides = [make_guide(image, style) for image in (first, second)]
    alone = float(loss.evaluate(first, guides[0]))
    repeated = [float(loss(first, guides[0])) for _ in range(3)]
    assert repeated == pytest.approx([alone] * 3, rel=1e-4)
    together = float(loss.evaluate(torch.cat((first, second)), torch.cat(guides)))
    assert float(loss(second, guides[1])) == pytest.approx(together, rel=1e-4)


def test_the_gradient_is_that_of_finite_differences() -> None:
    style, image = make_image(0, 128).double(), make_image(1, 128).double()
    loss, guide = make_loss(style), make_guide(image, style)
    image.requires_grad_(True)
    total = loss.evaluate(image, guide) + compute_content_loss(image, style)
    (gradient,) = torch.autograd.grad(total, image)
    direction = torch.randn(image.shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    step = 1e-4
    with torch.no_grad():
        above, below = (
            float(
                loss.evaluate(image + sign * step * direction, guide)
                + compute_content_loss(image + sign * step * direction, style)
            )
            for sign in (1, -1)
        )
    assert float((gradient * direction).sum()) == pytest.approx((above - below) / (2 * step), rel=1e-2)


def test_the_content_loss_ignores_strokes_smaller_than_a_cell() -> None:
    image = torch.full((1, 3, 64, 64), 0.5)
    stripes = image.clone()
    stripes[..., ::2] += 0.2
    stripes[..., 1::2] -= 0.2
    lighter = image + 0.2
    assert float(compute_content_loss(image, image)) == 0
    assert float(compute_content_loss(stripes, image)) < 0.2 * float(compute_content_loss(lighter, image))


def test_a_gray_style_refuses_colors() -> None:
    gray = make_image(0).mean(dim=1, keepdim=True).expand(1, 3, -1, -1).contiguous()
    colored = gray.clone()
    colored[:, 0] = (colored[:, 0] + 0.1).clamp(0, 1)
    loss, guide = make_loss(gray), make_guide(gray, gray)
    assert float(loss.evaluate(colored, guide)) > float(loss.evaluate(gray, guide)) + 0.3
