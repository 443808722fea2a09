"""Curves of colors against direct formulas, and what they do to pictures."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from barestyle.feed_forward.color_curves import (
    AXES,
    KNOTS,
    LEVELS,
    LOW,
    MAX_SLOPE,
    PASSES,
    SAMPLING,
    STEP,
    apply_curves,
    compute_curves,
    measure_quantiles,
)
from barestyle.feed_forward.finishing import finish, measure_curves
from tests.feed_forward.cases import make_image, make_style


def draw_colors(seed: int, spread: float = 1.0, size: int = 96) -> Tensor:
    """Return noise around a color, (1, 3, size, size), whose channels are correlated."""
    generator = torch.Generator().manual_seed(seed)
    mixing = torch.rand(3, 3, generator=generator) / 3
    noise = torch.rand(3, size * size, generator=generator) - 0.5
    color = 0.3 + 0.4 * torch.rand(3, 1, generator=generator)
    return (color + spread * mixing @ noise).clamp(0, 1).view(1, 3, size, size)


def test_axes_are_orthonormal_and_knots_hold_every_color() -> None:
    torch.testing.assert_close(AXES.transpose(1, 2) @ AXES, torch.eye(3).expand(PASSES, 3, 3), atol=1e-6, rtol=0)
    corners = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 3).T
    coordinates = AXES.transpose(1, 2) @ corners
    torch.testing.assert_close(coordinates.amin(2), LOW)
    torch.testing.assert_close(coordinates.amax(2), LOW + (KNOTS - 1) * STEP)


@pytest.mark.parametrize("masked", [False, True])
def test_quantiles_are_those_of_numpy(masked: bool) -> None:
    image = draw_colors(1)
    mask = (make_image(96, 96)[:, :1] > 0.5).float() if masked else None
    colors = image[0].flatten(1)[:, mask.flatten() > 0 if mask is not None else slice(None)]
    rows = AXES.double().transpose(1, 2) @ colors.double()
    expected = np.quantile(rows, np.linspace(0, 1, LEVELS), axis=2, method="inverted_cdf")
    measured = measure_quantiles(image, mask)
    torch.testing.assert_close(measured, torch.from_numpy(expected).permute(1, 2, 0).float(), atol=1e-4, rtol=0)


def test_the_first_pass_maps_by_cumulative_distributions() -> None:
    """Where no slope is limited, a knot's value is the palette's quantile of the share of pixels below the knot."""
    image, palette = draw_colors(2), draw_colors(3, spread=0.8)
    quantiles = measure_quantiles(palette)
    curve = compute_curves(image, quantiles[None])[0, 0]
    coordinates = AXES[0].T @ image[0, :, ::SAMPLING, ::SAMPLING].flatten(1)
    knots = LOW[0, :, None] + STEP[0, :, None] * torch.arange(KNOTS)
    ramps = (knots[:, :, None] - coordinates[:, None]) / STEP[0, :, None, None] + 0.5
    below = ramps.clamp(0, 1).mean(2)
    checked = 0
    for axis in range(3):
        expected = np.interp(below[axis], np.linspace(0, 1, LEVELS), quantiles[0, axis])
        rises = np.diff(expected)
        if rises.max() < MAX_SLOPE * STEP[0, axis]:
            np.testing.assert_allclose(curve[axis], expected, atol=1e-5)
            checked += 1
        assert (curve[axis].diff() <= MAX_SLOPE * STEP[0, axis] + 1e-6).all()
        assert (curve[axis].diff() >= -1e-6).all()
    assert checked


@pytest.mark.parametrize("seeds", [(2, 3), (4, 5), (6, 7)])
def test_a_picture_gets_the_palette(seeds: tuple[int, int]) -> None:
    image, palette = (draw_colors(seed) for seed in seeds)
    quantiles = measure_quantiles(palette)
    moved = apply_curves(image, compute_curves(image, quantiles[None]))
    before, after = ((measure_quantiles(each) - quantiles).abs().mean() for each in (image, moved))
    assert float(after) < 0.015 < 5 * float(after) < float(before)
    own = apply_curves(image, compute_curves(image, measure_quantiles(image)[None]))
    assert float((own - image).abs().mean()) < 0.01, "the picture's own palette changes it hardly"


def test_a_gray_palette_gives_gray_pictures() -> None:
    gray = draw_colors(8)[:, :1].expand(1, 3, -1, -1)
    moved = apply_curves(draw_colors(9), compute_curves(draw_colors(9), measure_quantiles(gray)[None]))
    assert float((moved.amax(1) - moved.amin(1)).mean()) < 0.01


def test_contrast_of_even_pictures_is_limited() -> None:
    image = draw_colors(10, spread=0.02)
    moved = apply_curves(image, compute_curves(image, measure_quantiles(draw_colors(11))[None]))
    assert float(moved.std()) < MAX_SLOPE**PASSES * float(image.std())


def test_with_given_curves_a_color_depends_on_nothing_else() -> None:
    images = torch.cat((draw_colors(12), draw_colors(13)))
    curves = compute_curves(images, measure_quantiles(draw_colors(14))[None])
    assert curves.shape == (2, PASSES, 3, KNOTS)
    whole = apply_curves(images, curves)
    torch.testing.assert_close(apply_curves(images.flip(3)[..., :40], curves), whole.flip(3)[..., :40])
    for number in range(2):
        alone = apply_curves(images[number : number + 1], curves[number : number + 1])
        torch.testing.assert_close(alone[0], whole[number])


def test_strength_leads_from_the_photograph_to_the_style() -> None:
    style, photograph = make_style(), make_image(64, 72)
    painted = style.network(photograph, style.mix(), is_finished=False)
    distances = []
    for strength in (0.0, 0.25, 0.5, 0.75, 1.0):
        weights = style.mix(strength=strength)
        curves = measure_curves(painted, photograph, weights, style.network.palette)
        finished = finish(painted, photograph, weights, curves)
        torch.testing.assert_close(finished, style.network(photograph, weights), atol=1e-5, rtol=0)
        distances.append(float((finished - photograph).abs().mean()))
    assert distances[0] == 0
    assert distances == sorted(distances)


def test_gradients_flow_through_given_curves() -> None:
    image = 0.1 + 0.8 * draw_colors(15, size=8).double()
    curves = compute_curves(image, measure_quantiles(draw_colors(16))[None])
    direction = torch.randn(image.shape, generator=torch.Generator().manual_seed(0)) * 1e-3
    variable = image.float().requires_grad_()
    (gradient,) = torch.autograd.grad(apply_curves(variable, curves).sum(), variable)
    change = (
        apply_curves(image.float() + direction, curves) - apply_curves(image.float() - direction, curves)
    ).sum() / 2
    torch.testing.assert_close((gradient * direction).sum(), change, rtol=0.05, atol=1e-5)
