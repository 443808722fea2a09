"""Regions: masked moments against plain autograd, in tiles too, and what masks and shares mean."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from barestyle.losses import Region, StyleImage
from barestyle.losses.gram import gram, gram_loss
from barestyle.losses.moments import Moments, mix_moments
from barestyle.losses.whitened import whitened_loss, whitened_style
from barestyle.networks import Network, Size, build
from barestyle.objective import Evaluation, Tiling, assemble, statistics_of
from barestyle.objective.region_masks import _averaged
from barestyle.spec import GramLoss, Spec
from tests.objective.test_tile_pass import FAMILIES, close, picture, spec_of


def mask_of(height: int, width: int, seed: int) -> Tensor:
    """Gray in places, white in some and black in others, (1, 1, h, w)."""
    return (2 * picture(height, width, seed)[:, :1] - 0.5).clamp(0, 1)


def test_a_mask_is_averaged_over_what_is_pooled() -> None:
    """111 rows are pooled by four to 27; those of a mask that begins between two of these do not mix."""
    mask = torch.zeros(1, 1, 111, 111)
    mask[..., 88:, :] = 1
    rows = _averaged(mask, Size(27, 27))[0, 0, :, 0]
    assert rows.tolist() == [0.0] * 22 + [1.0] * 5
    only_dropped = torch.zeros(1, 1, 111, 111)
    only_dropped[..., 110, 110] = 1
    assert float(_averaged(only_dropped, Size(27, 27)).sum()) > 0


def weighted_moments(features: Tensor, mask: Tensor | None) -> Moments:
    """By the definition, in one product."""
    _, channels, *size = features.shape
    weight = torch.ones(1, 1, *size, dtype=features.dtype) if mask is None else _averaged(mask, Size(*size))
    rows, w = features[0].flatten(1).T, weight.flatten()
    assert rows.shape == (w.numel(), channels)
    return Moments(float(w.sum()), (w[:, None] * rows).sum(0), torch.einsum("p,pi,pj->ij", w, rows, rows))


def by_autograd(spec: Spec, network: Network, regions: list[Region], image: Tensor) -> Evaluation:
    leaf = image.clone().requires_grad_(True)
    taps = network(leaf)
    loss = torch.zeros((), dtype=image.dtype)
    for region in regions:
        area = 1.0 if region.mask is None else float(region.mask.mean())
        wanted = [network(sample.pixels) for sample in region.samples]
        for tap in spec.style_loss.taps:
            own = weighted_moments(taps[tap], region.mask)
            parts = [
                (weighted_moments(features[tap], sample.mask), sample.share)
                for features, sample in zip(wanted, region.samples, strict=True)
            ]
            target = Moments(
                1.0,
                torch.stack([share * of.first / of.pixels for of, share in parts]).sum(0),
                torch.stack([share * of.second / of.pixels for of, share in parts]).sum(0),
            )
            if isinstance(spec.style_loss, GramLoss):
                one = gram_loss(own, gram(target))
            else:
                one = whitened_loss(own, whitened_style(target, spec.style_loss.epsilon)) / len(spec.style_loss.taps)
            loss = loss + area * region.weight * spec.style_loss.weight * one
    (gradient,) = torch.autograd.grad(loss, leaf)
    return Evaluation(loss.detach(), {}, gradient)


def regions_of(height: int, width: int) -> list[Region]:
    """One masked, with a style that is transparent in places; one under another mask, of two styles."""
    first, second = mask_of(height, width, 5), mask_of(height, width, 6)
    return [
        Region((StyleImage(picture(31, 22, 1), mask_of(31, 22, 7)),), first, 1.5),
        Region((StyleImage(picture(25, 28, 2), share=0.75), StyleImage(picture(22, 24, 3), share=0.25)), second, 0.5),
    ]


@pytest.mark.parametrize("loss", ["gram", "whitened, luminance content"])
@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=4, deadline=None, derandomize=True)
@given(
    height=st.integers(17, 45),
    width=st.integers(17, 45),
    rows=st.integers(9, 50),
    columns=st.integers(9, 50),
    held=st.integers(1, 5),
)
def test_tiles_equal_the_whole(
    family: str, loss: str, height: int, width: int, rows: int, columns: int, held: int
) -> None:
    """Odd sizes, whose masks have no whole number of pixels for each of a pooled map's, and tiles that cut them."""
    spec = spec_of(family, loss).model_copy(update={"content_loss": Spec().content_loss})
    network = build(spec.network, seed=1, deepest_tap=spec.deepest_tap).double()
    image, regions = picture(height, width, 2), regions_of(height, width)
    expected = by_autograd(spec, network, regions, image)
    tiled = assemble(spec, network, image, regions, tiling=Tiling(Size(rows, columns), held))
    for _ in range(2):  # the second works in the first one's memory
        close(tiled.evaluate(image), expected, 1e-9)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_white_mask_is_none(family: str) -> None:
    spec = spec_of(family, "gram")
    network = build(spec.network, seed=1, deepest_tap=spec.deepest_tap).double()
    style, image = picture(31, 22, 1), picture(37, 40, 2)
    white = Region((StyleImage(style, torch.ones(1, 1, 31, 22).double()),), torch.ones(1, 1, 37, 40).double())
    close(assemble(spec, network, image, [white]).evaluate(image), by_autograd(spec, network, [white], image), 1e-9)
    close(
        assemble(spec, network, image, [white]).evaluate(image),
        assemble(spec, network, image, style).evaluate(image),
        1e-9,
    )


def test_under_a_black_mask_there_is_no_gradient() -> None:
    """But for what features beside the region's border see of it."""
    spec = spec_of("no pooling", "gram")
    network = build(spec.network, seed=1, deepest_tap=spec.deepest_tap).double()
    mask = torch.zeros(1, 1, 40, 40).double()
    mask[..., :16] = 1
    image = picture(40, 40, 2)
    objective = assemble(
        spec, network, image, [Region((StyleImage(picture(31, 22, 1)),), mask)], tiling=Tiling(Size(12, 9))
    )
    gradient = objective.evaluate(image).gradient
    halo = max(network.halo)
    assert float(gradient[..., 16 + halo :].abs().max()) == 0
    assert float(gradient[..., :16].abs().min()) > 0


def test_pooled_moments_are_those_of_pictures_side_by_side() -> None:
    """Up to what convolutions see across the seam: with kernels of one pixel, exactly."""
    spec = spec_of("one layer", "gram")
    network = build(spec.network, seed=1, deepest_tap=1).double()
    for layer in network.stacks[0].layers:  # type: ignore[union-attr]
        layer.weight[..., [0, 0, 0, 1, 1, 2, 2, 2], [0, 1, 2, 0, 2, 0, 1, 2]] = 0
    left, right = picture(20, 30, 1), picture(20, 10, 2)
    both = statistics_of(network, torch.cat((left, right), 3), {1}, Tiling())[1]
    each = [(statistics_of(network, one, {1}, Tiling())[1], share) for one, share in ((left, 0.75), (right, 0.25))]
    found = mix_moments(each)
    torch.testing.assert_close(found.mean, both.mean)
    torch.testing.assert_close(found.covariance, both.covariance)


def test_bf16_sees_the_same_regions() -> None:
    spec = spec_of("no pooling", "gram")
    network = build(spec.network, seed=1, deepest_tap=spec.deepest_tap)
    narrow = build(spec.network, seed=1, deepest_tap=spec.deepest_tap).bfloat16()
    image = picture(96, 80, 0).float().square()
    regions = [Region((StyleImage(picture(80, 96, 1).float()),), mask_of(96, 80, 5).float())]
    exact = assemble(spec, network, image, regions).evaluate(image)
    found = assemble(spec, narrow, image, regions, tiling=Tiling(Size(40, 80), 2)).evaluate(image)
    assert float(F.cosine_similarity(found.gradient.flatten(), exact.gradient.flatten(), dim=0)) > 0.99
    assert float(found.loss) == pytest.approx(float(exact.loss), rel=0.05)
