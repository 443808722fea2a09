"""Guide channels of images whose structure is known."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from scipy.ndimage import gaussian_filter
from torch import Tensor

from barestyle.images import resize
from barestyle.losses import Region, StyleImage
from barestyle.losses.blurring import blur
from barestyle.losses.structure_guide import (
    GUIDE_CHANNELS,
    OPPONENT_AXES,
    build_guide_maps,
    compute_ridges,
)
from tests.conftest import drawing, planes


def draw_picture(seed: int, height: int = 96, width: int = 120) -> Tensor:
    return planes(drawing(width, height, seed=seed))


def region_of(*styles: Tensor, mask: Tensor | None = None) -> Region:
    return Region(tuple(StyleImage(style, share=1 / len(styles)) for style in styles), mask)


def test_maps_have_the_size_that_the_resolution_needs() -> None:
    maps = build_guide_maps(draw_picture(0), region_of(draw_picture(1, 80, 64)), resolution=24)
    assert maps.content.shape == (1, GUIDE_CHANNELS, 38, 48)
    assert [style.shape for style in maps.styles] == [(1, GUIDE_CHANNELS, 48, 38)]
    small = build_guide_maps(draw_picture(0), region_of(draw_picture(1)), resolution=192)
    assert small.content.shape == (1, GUIDE_CHANNELS, 96, 120), "never larger than the image"


def test_an_image_in_its_own_style_has_one_guide() -> None:
    image = draw_picture(0)
    maps = build_guide_maps(image, region_of(image.clone()), resolution=48)
    assert maps.content == pytest.approx(maps.styles[0], abs=1e-5)


def test_an_image_has_all_strong_colors_of_its_own_style_and_a_gray_one_has_none() -> None:
    image = draw_picture(0)
    image[:, :, :12, :20] = torch.tensor([1.0, 0.9, 0.0]).view(1, 3, 1, 1)  # a moon
    maps = build_guide_maps(image, region_of(image.clone()), resolution=48)
    (weights,) = maps.ordinary_colors
    assert weights is not None
    assert weights.shape == (1, 1, *resize(image, 26, 32).shape[-2:])
    assert float(weights[..., 1:3, 1:4].max()) == 0
    assert float(weights[..., 10:, 10:].mean()) > 0.9
    assert maps.strong_share == pytest.approx(1)
    gray = build_guide_maps(draw_picture(1).mean(1, keepdim=True).expand(-1, 3, -1, -1), region_of(image), 48)
    assert gray.strong_share < 0.3


def test_a_style_without_strong_colors_has_no_weights() -> None:
    ramp = torch.linspace(0, 1, 60).view(1, 1, 1, 60).expand(1, 3, 40, 60) * torch.tensor([1, 0.5, 0.2]).view(
        1, 3, 1, 1
    )
    maps = build_guide_maps(draw_picture(0), region_of(ramp.contiguous()), resolution=48)
    assert maps.ordinary_colors == (None,)
    assert maps.strong_share == 1


def test_the_palette_is_that_of_the_blurred_styles() -> None:
    styles = draw_picture(1), draw_picture(2)
    maps = build_guide_maps(draw_picture(0), region_of(*styles), resolution=60)
    colors = torch.einsum("ac,nchw->ahw", torch.tensor(OPPONENT_AXES), torch.cat(styles, 3)).flatten(1)
    assert maps.palette_mean.tolist() == pytest.approx(colors.mean(1).tolist(), abs=0.01)
    assert maps.palette_std.tolist() == pytest.approx(colors.std(1).tolist(), rel=0.15)


def test_channels_are_standardized_over_the_style() -> None:
    (style,) = build_guide_maps(draw_picture(0), region_of(draw_picture(1)), resolution=60).styles
    assert style.mean((0, 2, 3)) == pytest.approx(torch.zeros(GUIDE_CHANNELS), abs=0.05)
    for channel in (0, 1, 2, 5):  # strong colors have a smaller deviation where there are few
        assert float(style[:, channel].std()) == pytest.approx(1, abs=0.35)


def test_the_contents_colors_become_the_palettes() -> None:
    """Over several pairs, along each axis: the distance between the distributions, which are standardized."""
    distances = torch.zeros(6, 3)
    for seed in range(6):
        maps = build_guide_maps(draw_picture(seed), region_of(draw_picture(seed + 1)), resolution=60)
        for channel in range(3):
            content, style = (guide[0, channel].flatten().sort().values for guide in (maps.content, maps.styles[0]))
            style = F.interpolate(style[None, None], len(content), mode="linear")[0, 0]
            distances[seed, channel] = (content - style).abs().mean()
    assert float(distances[:, 0].mean()) < 0.08
    assert float(distances[:, 1:].mean()) < 0.14
    assert float(distances.max()) < 0.25


@pytest.mark.parametrize("seed", range(3))
def test_the_contents_colors_have_the_palettes_mean_and_deviation(seed: int) -> None:
    maps = build_guide_maps(draw_picture(seed), region_of(draw_picture(seed + 1)), resolution=60)
    content, style = (guide[0, :3].flatten(1) for guide in (maps.content, maps.styles[0]))
    assert content.mean(1) == pytest.approx(style.mean(1), abs=0.05)
    assert content.std(1).tolist() == pytest.approx(style.std(1).tolist(), rel=0.12)


@pytest.mark.parametrize("light", [True, False])
def test_lines_are_ridges_or_valleys(light: bool) -> None:
    image = torch.full((1, 3, 64, 64), 0.5)
    image[..., 30:32, :] = 0.9 if light else 0.1
    ridges = compute_ridges(image, resolution=32)
    on_the_line, beside_it = float(ridges[0, 0, 30:32].mean()), float(ridges[0, 0, 26:28].mean())
    assert (on_the_line > 1 and beside_it < 0) if light else (on_the_line < -1 and beside_it > 0)


def test_contrast_does_not_change_ridges() -> None:
    image = draw_picture(0)
    weaker = 0.25 + 0.5 * image
    correlation = torch.corrcoef(torch.stack([compute_ridges(x, 48).flatten() for x in (image, weaker)]))[0, 1]
    assert float(correlation) > 0.99


def test_a_flat_image_has_no_ridges_and_noise_of_rounding_makes_none() -> None:
    flat = torch.full((1, 3, 40, 50), 0.3)
    flat += 1e-6 * torch.randn(flat.shape, generator=torch.Generator().manual_seed(0))
    assert compute_ridges(flat, 24) == pytest.approx(torch.zeros(1, 1, 38, 48), abs=0.05)


def test_the_guide_does_not_depend_on_the_size_of_the_image() -> None:
    image = resize(draw_picture(0, 128, 160), 256, 320)
    larger = resize(image, 512, 640)
    ridges = [resize_map(compute_ridges(x, 40), 64, 80) for x in (image, larger)]
    assert float(torch.corrcoef(torch.stack([x.flatten() for x in ridges]))[0, 1]) > 0.97


def resize_map(values: Tensor, height: int, width: int) -> Tensor:
    return F.interpolate(values, (height, width), mode="bilinear", antialias=True)


def test_transparent_parts_of_a_style_are_not_in_the_palette() -> None:
    style = draw_picture(1)
    spoiled = style.clone()
    spoiled[..., :60] = torch.tensor([1.0, 0.0, 1.0]).view(1, 3, 1, 1)
    mask = torch.zeros(1, 1, 96, 120)
    mask[..., 70:] = 1
    half = build_guide_maps(draw_picture(0), region_of(style[..., 70:]), resolution=60).content
    masked = Region((StyleImage(spoiled, mask),))
    actual = build_guide_maps(draw_picture(0), masked, resolution=60).content
    whole = build_guide_maps(draw_picture(0), region_of(spoiled), resolution=60).content
    error = float((actual - half)[:, :3].abs().mean())
    assert error < 0.5 * float((whole - half)[:, :3].abs().mean())


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_styles_of_one_color_give_finite_guides(value: float) -> None:
    style = torch.full((1, 3, 30, 40), value)
    maps = build_guide_maps(draw_picture(0), region_of(style), resolution=48)
    assert bool(maps.content.isfinite().all())
    assert maps.content[:, :3] == pytest.approx(torch.zeros(1, 3, 77, 96), abs=0.01), "all colors become that one"


@pytest.mark.parametrize("sigma", [1.0, 2.7])
def test_the_blur_is_scipys(sigma: float) -> None:
    image = draw_picture(0, 24, 30)
    expected = gaussian_filter(image.numpy(), sigma, mode="mirror", radius=round(3 * sigma), axes=(2, 3))
    assert blur(image, sigma).numpy() == pytest.approx(expected, abs=1e-5)
