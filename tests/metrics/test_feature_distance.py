"""The distance of features to the content, against convolutions written out and as a function of noise."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor

from barestyle.errors import WeightsError
from barestyle.metrics import MetricInputs, missing_requirement, select
from barestyle.metrics.feature_distance import content_distance
from barestyle.networks.vgg19 import LAYER_INDICES

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
POOL_BEFORE = (2, 4)
"""Numbers of the convolutions, from 0, that follow a pooling layer of VGG-19."""


def extract_conv3_4(weights: Path, image: Tensor) -> Tensor:
    """Return VGG-19's conv3_4 after ReLU, in float64, layer by layer as Simonyan & Zisserman 2015 list them."""
    tensors = load_file(weights)
    maps = (image.double() - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)
    for number, index in enumerate(LAYER_INDICES[:8]):
        if number in POOL_BEFORE:
            maps = F.max_pool2d(maps, 2)
        kernels, bias = (tensors[f"features.{index}.{name}"].double() for name in ("weight", "bias"))
        maps = F.relu(F.conv2d(maps, kernels, bias, padding=1))
    return maps


def add_noise(image: Tensor, amount: float) -> Tensor:
    noise = torch.randn(image.shape, generator=torch.Generator().manual_seed(0))
    return (image + amount * noise).clamp(0, 1)


def test_the_content_itself_has_distance_zero_and_noise_raises_it(
    real_weights: Path, content: Tensor, style: Tensor
) -> None:
    amounts = (0.0, 0.02, 0.1, 0.3)
    distances = [
        content_distance(MetricInputs(add_noise(content, amount), content, style, real_weights)) for amount in amounts
    ]
    assert distances[0] == 0
    assert distances == sorted(distances)
    assert distances[1] > 1e-4


def test_it_equals_convolutions_written_out(real_weights: Path, content: Tensor, style: Tensor) -> None:
    result = add_noise(content.flip(3), 0.05)
    features, reference = (extract_conv3_4(real_weights, image) for image in (result, content))
    expected = float((features - reference).square().sum() / reference.square().sum())
    found = content_distance(MetricInputs(result, content, style, real_weights))
    assert found == pytest.approx(expected, rel=1e-4)
    assert found == pytest.approx(content_distance(MetricInputs(result, content, 1 - style, real_weights))), (
        "the style does not count"
    )


def test_weights_with_too_few_layers_are_refused(synthetic_weights: Path, content: Tensor, style: Tensor) -> None:
    (metric,) = select(["vgg-content"])
    assert missing_requirement(metric, synthetic_weights).startswith("it needs 8 layers of trained VGG-19")
    with pytest.raises(WeightsError):
        content_distance(MetricInputs(content, content, style, synthetic_weights))
