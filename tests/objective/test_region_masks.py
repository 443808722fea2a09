"""Masks at the resolution of taps, and the losses of regions against plain autograd, in tiles too."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from barestyle.losses import Moments, Region, StyleImage, gram_loss, gram_matrix, whiten_style, whitened_loss
from barestyle.networks import Network, Size, build_network
from barestyle.objective import Evaluation, Tiling, build_objective
from barestyle.objective.region_masks import average_to
from barestyle.spec import GramLoss, NoContentLoss, Spec, WhitenedLoss
from tests.objective.cases import NETWORKS, assert_close, build_spec, draw_image


def draw_mask(height: int, width: int, seed: int) -> Tensor:
    """Return a mask with black, gray and white pixels, (1, 1, h, w)."""
    return (2 * draw_image(height, width, seed)[:, :1] - 0.5).clamp(0, 1)


def test_a_mask_is_averaged_over_what_is_pooled() -> None:
    """111 rows are pooled by four to 27; a mask that begins on a boundary of these stays sharp."""
    mask = torch.zeros(1, 1, 111, 111)
    mask[..., 88:, :] = 1
    rows = average_to(mask, Size(27, 27))[0, 0, :, 0]
    assert rows.tolist() == [0.0] * 22 + [1.0] * 5
    only_dropped = torch.zeros(1, 1, 111, 111)
    only_dropped[..., 110, 110] = 1
    assert float(average_to(only_dropped, Size(27, 27)).sum()) > 0


def compute_weighted_moments(features: Tensor, mask: Tensor | None) -> Moments:
    """Return the moments by their definition, in one product."""
    _, channels, *size = features.shape
    weight = torch.ones(1, 1, *size, dtype=features.dtype) if mask is None else average_to(mask, Size(*size))
    rows, w = features[0].flatten(1).T, weight.flatten()
    assert rows.shape == (w.numel(), channels)
    return Moments(float(w.sum()), (w[:, None] * rows).sum(0), torch.einsum("p,pi,pj->ij", w, rows, rows))


def evaluate_by_autograd(spec: Spec, network: Network, regions: list[Region], image: Tensor) -> Evaluation:
    leaf = image.clone().requires_grad_(True)
    taps = network(leaf)
    loss = torch.zeros((), dtype=image.dtype)
    for region in regions:
        area = 1.0 if region.mask is None else float(region.mask.mean())
        style_features = [network(style.pixels) for style in region.styles]
        for tap in spec.style_loss.layers:
            moments = compute_weighted_moments(taps[tap], region.mask)
            parts = [
                (compute_weighted_moments(features[tap], style.mask), style.share)
                for features, style in zip(style_features, region.styles, strict=True)
            ]
            target = Moments(
                1.0,
                torch.stack([share * part.first / part.pixels for part, share in parts]).sum(0),
                torch.stack([share * part.second / part.pixels for part, share in parts]).sum(0),
            )
            if isinstance(spec.style_loss, GramLoss):
                region_loss = gram_loss(moments, gram_matrix(target))
            else:
                assert isinstance(spec.style_loss, WhitenedLoss)
                style = whiten_style(target, spec.style_loss.epsilon)
                region_loss = whitened_loss(moments, style) / len(spec.style_loss.layers)
            loss = loss + area * region.weight * spec.style_loss.weight * region_loss
    (gradient,) = torch.autograd.grad(loss, leaf)
    return Evaluation(loss.detach(), {}, gradient)


def draw_regions(height: int, width: int) -> list[Region]:
    """Return two masked regions: one with a partly transparent style, and one with two styles."""
    first, second = draw_mask(height, width, 5), draw_mask(height, width, 6)
    return [
        Region((StyleImage(draw_image(31, 22, 1), draw_mask(31, 22, 7)),), first, 1.5),
        Region(
            (StyleImage(draw_image(25, 28, 2), share=0.75), StyleImage(draw_image(22, 24, 3), share=0.25)), second, 0.5
        ),
    ]


@pytest.mark.parametrize("loss", ["gram", "whitened, luminance content"])
@pytest.mark.parametrize("network_name", NETWORKS)
@settings(max_examples=4, deadline=None, derandomize=True)
@given(
    height=st.integers(17, 45),
    width=st.integers(17, 45),
    rows=st.integers(9, 50),
    columns=st.integers(9, 50),
    resident_tiles=st.integers(1, 5),
)
def test_tiles_equal_the_whole(
    network_name: str, loss: str, height: int, width: int, rows: int, columns: int, resident_tiles: int
) -> None:
    """Odd sizes, where masks do not shrink by whole factors, and tiles that cut them."""
    spec = build_spec(network_name, loss).model_copy(update={"content_loss": NoContentLoss()})
    network = build_network(spec.network, seed=1, deepest_layer=spec.deepest_layer).double()
    image, regions = draw_image(height, width, 2), draw_regions(height, width)
    expected = evaluate_by_autograd(spec, network, regions, image)
    tiled = build_objective(spec, network, image, regions, tiling=Tiling(Size(rows, columns), resident_tiles))
    for _ in range(2):  # the second reuses the memory of the first
        assert_close(tiled.evaluate(image), expected, 1e-9)


@pytest.mark.parametrize("network_name", NETWORKS)
def test_a_white_mask_equals_no_mask(network_name: str) -> None:
    spec = build_spec(network_name, "gram")
    network = build_network(spec.network, seed=1, deepest_layer=spec.deepest_layer).double()
    style, image = draw_image(31, 22, 1), draw_image(37, 40, 2)
    white = Region((StyleImage(style, torch.ones(1, 1, 31, 22).double()),), torch.ones(1, 1, 37, 40).double())
    assert_close(
        build_objective(spec, network, image, [white]).evaluate(image),
        evaluate_by_autograd(spec, network, [white], image),
        1e-9,
    )
    assert_close(
        build_objective(spec, network, image, [white]).evaluate(image),
        build_objective(spec, network, image, style).evaluate(image),
        1e-9,
    )


def test_under_a_black_mask_there_is_no_gradient() -> None:
    """Except within the halo of the region's border."""
    spec = build_spec("no pooling", "gram")
    network = build_network(spec.network, seed=1, deepest_layer=spec.deepest_layer).double()
    mask = torch.zeros(1, 1, 40, 40).double()
    mask[..., :16] = 1
    image = draw_image(40, 40, 2)
    objective = build_objective(
        spec, network, image, [Region((StyleImage(draw_image(31, 22, 1)),), mask)], tiling=Tiling(Size(12, 9))
    )
    gradient = objective.evaluate(image).gradient
    halo = max(network.halo)
    assert float(gradient[..., 16 + halo :].abs().max()) == 0
    assert float(gradient[..., :16].abs().min()) > 0


def test_bf16_sees_the_same_regions() -> None:
    spec = build_spec("no pooling", "gram")
    network = build_network(spec.network, seed=1, deepest_layer=spec.deepest_layer)
    narrow = build_network(spec.network, seed=1, deepest_layer=spec.deepest_layer).bfloat16()
    image = draw_image(96, 80, 0).float().square()
    regions = [Region((StyleImage(draw_image(80, 96, 1).float()),), draw_mask(96, 80, 5).float())]
    exact = build_objective(spec, network, image, regions).evaluate(image)
    actual = build_objective(spec, narrow, image, regions, tiling=Tiling(Size(40, 80), 2)).evaluate(image)
    assert float(F.cosine_similarity(actual.gradient.flatten(), exact.gradient.flatten(), dim=0)) > 0.99
    assert float(actual.loss) == pytest.approx(float(exact.loss), rel=0.05)
