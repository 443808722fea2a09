"""From a spec to an objective: which terms it has."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from barestyle.losses import Region, StyleImage, TemporalTerm, build_guide_maps
from barestyle.losses.missing_colors import WEIGHT
from barestyle.networks import Size, build_network
from barestyle.objective.build import (
    STRONGEST_GUIDE,
    build_objective,
    build_region_guide_maps,
    build_style_moments,
    compute_guide_weight,
)
from barestyle.presets import preset
from barestyle.spec import StructureGuide, with_settings
from tests.losses.cases import compute_color_bound_loss
from tests.objective.cases import build_small_objective


@pytest.mark.parametrize(
    ("settings", "parts"),
    [
        ({}, {"style"}),
        ({"content_loss": "features"}, {"style", "content"}),
        ({"content_loss": "luminance", "style_loss": "whitened"}, {"style", "content"}),
        ({"smoothness": "total-variation"}, {"style", "smoothness"}),
    ],
)
def test_an_objective_has_the_terms_of_its_spec(
    content: Tensor, style: Tensor, settings: dict[str, Any], parts: set[str]
) -> None:
    settings = {"content_loss": "none", "smoothness": "none", **settings}
    assert set(build_small_objective(content, style, **settings).evaluate(content).parts) == parts


def test_whitened_losses_penalize_colors_that_a_gray_style_lacks(content: Tensor, style: Tensor) -> None:
    """The style loss of a tinted image exceeds that of a gray one by at least the penalty, which is known."""
    gray_style, gray = (image.mean(1, keepdim=True).expand(1, 3, -1, -1).contiguous() for image in (style, content))
    objective = build_small_objective(content, gray_style, style_loss="whitened", content_loss="none")
    tint = torch.tensor([0.1, -0.05, -0.05]).view(1, 3, 1, 1)  # orthogonal to gray
    losses = [float(objective.evaluate(image).parts["style"]) for image in (gray, gray + tint)]
    assert losses[1] - losses[0] > WEIGHT * float(tint.square().sum()) / 2


def test_the_guide_counts_less_at_higher_strengths(content: Tensor, style: Tensor) -> None:
    """An image without the content's forms has a style loss that falls to that without a guide."""

    def compute_style_loss(strength: float, guide: str = "structure") -> float:
        objective = build_small_objective(
            content,
            style,
            style_loss="whitened",
            style_loss__guide=guide,
            content_loss="luminance",
            content_loss__strength=strength,
        )
        return float(objective.evaluate(content.flip(3)).parts["style"])

    losses = [compute_style_loss(strength) for strength in (0.3, 0.5, 0.8, 0.99, 1.0)]
    assert losses == sorted(losses, reverse=True)
    assert compute_style_loss(1.0, guide="none") < losses[-1] < 0.9 * losses[0]


@pytest.mark.parametrize(
    ("strength", "factor"),
    [(0.5, 1.0), (16 / 17, 0.35 + 0.65 / 8), (1.0, 0.35), (0.1, STRONGEST_GUIDE), (0.0, STRONGEST_GUIDE)],
)
def test_the_weight_of_the_guide(strength: float, factor: float) -> None:
    guide = StructureGuide(weight=0.3)
    spec = with_settings(preset("bare").spec, {"content_loss.strength": strength})
    assert compute_guide_weight(spec, guide) == pytest.approx(0.3 * factor)
    without = with_settings(preset("bare").spec, {"content_loss": "none"})
    assert compute_guide_weight(without, guide) == 0.3


@pytest.mark.parametrize(("strength", "factor"), [(0.5, 1.0), (16 / 17, 1 / 8), (1.0, 0.0), (0.0, STRONGEST_GUIDE)])
def test_colors_are_bounded_except_at_strength_1(
    content: Tensor, style: Tensor, strength: float, factor: float
) -> None:
    """The style loss exceeds that without the bound by the bound's loss, times the factor."""

    def compute_style_loss(weight: float) -> float:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("barestyle.objective.build.COLOR_BOUND_WEIGHT", weight)
            settings = {"style_loss": "whitened", "style_loss__guide": "structure", "content_loss": "luminance"}
            objective = build_small_objective(content, style, content_loss__strength=strength, **settings)
        return float(objective.evaluate(content.flip(3)).parts["style"])

    maps = build_guide_maps(content, Region((StyleImage(style),)), StructureGuide().resolution)
    expected = factor * StructureGuide().weight * float(compute_color_bound_loss(content.flip(3), maps))
    assert compute_style_loss(2.0) - compute_style_loss(0.0) == pytest.approx(2 * expected, rel=1e-4, abs=1e-9)
    assert expected > 0 or strength == 1


def test_existing_style_moments_change_nothing(content: Tensor, style: Tensor) -> None:
    """The styles' moments of one content are those of another: their guides do not depend on it."""
    spec = with_settings(preset("bare").spec, {"network.channels": 4})
    network = build_network(spec.network, seed=0, deepest_layer=spec.deepest_layer)
    regions = [Region((StyleImage(style),))]
    guides = build_region_guide_maps(spec, content.flip(3) ** 2, regions)
    moments = build_style_moments(spec, network, regions, guides, Size(*content.shape[-2:]))
    expected = build_objective(spec, network, content, style).evaluate(content)
    result = build_objective(spec, network, content, regions, style_moments=moments).evaluate(content)
    torch.testing.assert_close(result.loss, expected.loss, rtol=1e-6, atol=0)
    torch.testing.assert_close(result.gradient, expected.gradient, rtol=1e-4, atol=1e-9)


def test_the_temporal_loss_is_a_part_of_the_loss(content: Tensor, style: Tensor) -> None:
    spec = with_settings(preset("bare").spec, {"network.channels": 4})
    network = build_network(spec.network, seed=0, deepest_layer=spec.deepest_layer)
    term = TemporalTerm(content.flip(3), torch.ones_like(content[:, :1]), 2.0)
    without = build_objective(spec, network, content, style).evaluate(content)
    result = build_objective(spec, network, content, style, temporal=term).evaluate(content)
    difference = content - content.flip(3)
    assert float(result.parts["temporal"]) == pytest.approx(2 * float(difference.square().mean()))
    assert float(result.loss) == pytest.approx(float(without.loss + result.parts["temporal"]))
    expected = without.gradient + 4 * difference / content.numel()
    torch.testing.assert_close(result.gradient, expected, rtol=1e-4, atol=1e-9)
