"""Networks, losses and images that tests of objectives share, and the plain evaluation that they compare with."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from barestyle.losses import (
    Region,
    StyleImage,
    compute_moments,
    gram_loss,
    gram_matrix,
    total_variation_loss,
    whiten_style,
    whitened_loss,
)
from barestyle.losses.color_bound import COLOR_BOUND_WEIGHT
from barestyle.losses.guided import whiten_guided_style
from barestyle.losses.moments import Moments
from barestyle.losses.structure_guide import GuideMaps, build_guide_maps
from barestyle.networks import Network, Size, build_network
from barestyle.objective import Evaluation, Objective, build_objective
from barestyle.objective.region_masks import average_to
from barestyle.presets import preset
from barestyle.spec import (
    FeatureContentLoss,
    GramLoss,
    LuminanceContentLoss,
    Spec,
    StructureGuide,
    TotalVariation,
    WhitenedLoss,
    with_settings,
)
from tests.losses.cases import compute_color_bound_loss, compute_luminance_content_loss

NETWORKS: dict[str, dict[str, Any]] = {
    "vgg": {"network.channels": [4, 5, 6, 7, 8]},
    "average pooling": {"network.channels": 4, "network.pooling": "average"},
    "no pooling": {"network.channels": 4, "network.pooling": "none"},
    "one layer": {"network.channels": [6], "network.pooling": "none", "style_loss.layers": [1]},
    "pooled after the first layer": {"network.channels": 4, "network.pooling.after": [1, 3]},
    "linear, kernels of 2": {"network.channels": 4, "network.activation": "none", "network.kernel_size": 2},
    "hand-made": {"network": "hand-made", "network.basic_set": 1, "network.strategy": 1},
    "gaussian pyramid": {"network": "pyramid", "network.channels": 4, "network.levels": 3, "style_loss.layers": [1, 3]},
    "laplacian pyramid, pooled": {
        "network": "pyramid",
        "network.bands": "laplacian",
        "network.channels": 4,
        "network.levels": 2,
        "network.pooling": "max",
        "style_loss.layers": [1, 2],
    },
    "gabor": {
        "network.channels": 6,
        "network.pooling": "none",
        "network.padding": "reflect",
        "network.gabor_fraction": 0.5,
    },
    "mirrored borders": {"network.channels": 4, "network.pooling": "none", "network.padding": "reflect"},
    "mirrored borders, one pooling": {
        "network.channels": [4, 5, 6],
        "network.pooling.after": [1],
        "network.padding": "reflect",
        "style_loss.layers": [1, 2, 3],
    },
    "mirrored borders, kernels of 2": {
        "network": "hand-made",
        "network.basic_set": 1,
        "network.strategy": 1,
        "network.padding": "reflect",
    },
    "mirrored pyramid": {
        "network": "pyramid",
        "network.channels": 4,
        "network.levels": 3,
        "network.padding": "reflect",
        "style_loss.layers": [1, 3],
    },
}
LOSSES: dict[str, dict[str, Any]] = {
    "gram": {"style_loss": "gram"},
    "whitened, content, smoothness": {
        "style_loss": "whitened",
        "content_loss": "features",
        "smoothness": "total-variation",
    },
    "whitened with a guide": {
        "style_loss": "whitened",
        "style_loss.guide": "structure",
        "style_loss.guide.resolution": 16,
    },
    "whitened, luminance content": {
        "style_loss": "whitened",
        "content_loss": "luminance",
        "content_loss.resolution": 8,
    },
}


def build_spec(network_name: str, losses: str, content_tap: int = 1) -> Spec:
    """Return a spec with one of NETWORKS and one of LOSSES."""
    settings = {**NETWORKS[network_name], **LOSSES[losses]}
    if settings.get("content_loss") == "features":
        settings["content_loss.layer"] = content_tap
    return with_settings(preset("paper").spec, settings)


def draw_image(height: int, width: int, seed: int) -> Tensor:
    """Return uniform noise, (1, 3, h, w), float64."""
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def draw_style(height: int, width: int, seed: int) -> Tensor:
    """Return noise with a corner of a color that is strong against it, (1, 3, h, w), float64."""
    style = draw_image(height, width, seed)
    style[:, :, : height // 4, : width // 4] = torch.tensor([1.0, 0.9, 0.0], dtype=torch.float64).view(1, 3, 1, 1)
    return style


def evaluate_by_autograd(spec: Spec, network: Network, content: Tensor, style: Tensor, image: Tensor) -> Evaluation:
    """Return loss and gradient, computed on the whole image by autograd."""
    leaf = image.clone().requires_grad_(True)
    features, style_features = network(leaf), network(style)
    loss = torch.zeros((), dtype=image.dtype)
    for tap in spec.style_loss.layers:
        moments, target = compute_moments(features[tap]), compute_moments(style_features[tap])
        if isinstance(spec.style_loss, GramLoss):
            loss = loss + spec.style_loss.weight * gram_loss(moments, gram_matrix(target))
        elif isinstance(spec.style_loss.guide, StructureGuide):
            guides = build_guide_maps(content, Region((StyleImage(style),)), spec.style_loss.guide.resolution)
            guided = compute_guided_loss(spec.style_loss, features[tap], style_features[tap], style.shape[-2:], guides)
            bound = COLOR_BOUND_WEIGHT * spec.style_loss.guide.weight * compute_color_bound_loss(leaf, guides)
            # The bound counts once: it is divided among the taps.
            loss = loss + spec.style_loss.weight * (guided + bound) / len(spec.style_loss.layers)
        else:
            assert isinstance(spec.style_loss, WhitenedLoss)
            whitened = whitened_loss(moments, whiten_style(target, spec.style_loss.epsilon))
            loss = loss + spec.style_loss.weight * whitened / len(spec.style_loss.layers)
    if isinstance(spec.content_loss, FeatureContentLoss):
        tap = spec.content_loss.layer
        loss = loss + spec.content_loss.weight * F.mse_loss(features[tap], network(content)[tap].detach())
    if isinstance(spec.content_loss, LuminanceContentLoss):
        loss = loss + compute_luminance_content_loss(leaf, content, spec.content_loss.resolution)
    if isinstance(spec.smoothness, TotalVariation):
        loss = loss + spec.smoothness.weight * total_variation_loss(leaf)
    (gradient,) = torch.autograd.grad(loss, leaf)
    return Evaluation(loss.detach(), {}, gradient)


def compute_guided_loss(
    spec: WhitenedLoss, features: Tensor, style_features: Tensor, style_size: torch.Size, guides: GuideMaps
) -> Tensor:
    """Return the loss of one tap from features with the channels of the guide appended."""
    content_guide = F.interpolate(guides.content.to(features), features.shape[-2:], mode="bilinear")
    style_guide = F.interpolate(guides.styles[0].to(features), style_features.shape[-2:], mode="bilinear")
    assert isinstance(spec.guide, StructureGuide)
    joint = torch.cat((style_features, style_guide), dim=1)
    (ordinary,) = guides.ordinary_colors
    assert ordinary is not None, "the style of these tests has a strong color"
    weights = F.interpolate(ordinary.to(features), style_size, mode="bilinear")
    share = guides.strong_share + (1 - guides.strong_share) * average_to(weights, Size(*joint.shape[-2:]))
    second = compute_moments(joint * share.sqrt()).second
    target = whiten_guided_style(
        compute_moments(joint),
        compute_moments(content_guide),
        spec.guide.weight,
        spec.epsilon,
        Moments(float(share.sum()), (joint * share).sum((0, 2, 3)), second),
    )
    return whitened_loss(compute_moments(torch.cat((features, content_guide), dim=1)), target)


def assert_close(actual: Evaluation, expected: Evaluation, tolerance: float) -> None:
    """Compare losses, and gradients by the norm of their difference, relative to `tolerance`."""
    assert float(actual.loss) == pytest.approx(float(expected.loss), rel=tolerance)
    error = (actual.gradient - expected.gradient).norm() / expected.gradient.norm()
    assert float(error) < tolerance


def build_small_objective(content: Tensor, style: Tensor, **settings: object) -> Objective:
    """Return the objective of the preset npnd with 8 channels and other settings, `a__b` for the field a.b."""
    spec = with_settings(
        preset("npnd").spec, {"network.channels": 8, **{k.replace("__", "."): v for k, v in settings.items()}}
    )
    network = build_network(spec.network, seed=0, deepest_layer=spec.deepest_layer)
    return build_objective(spec, network.to(content.dtype), content, style)
