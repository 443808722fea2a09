"""Every network, preset and loss paints a picture."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from barestyle import Result, transfer
from barestyle.networks import build_network
from barestyle.networks.network import Stack
from barestyle.objective import build_objective
from barestyle.presets import PRESETS
from tests.run.conftest import quick_spec
from tests.slow import slow_except

SIDE = 48
"""Long side in pixels; the pyramids with pooling need 32 on the short one."""


@pytest.fixture
def small_image(content_image: Image.Image) -> Image.Image:
    return content_image.resize((SIDE, SIDE * 3 // 4))


def check_painted(result: Result, content: Image.Image) -> None:
    """It is a picture of the right size, moved away from the content, at a lower loss than it began with."""
    scale = SIDE / max(content.size)
    assert result.image.shape == (1, 3, round(content.height * scale), round(content.width * scale))
    assert result.image.dtype == torch.float32
    assert bool(torch.isfinite(result.image).all())
    assert float(result.image.min()) >= 0
    assert float(result.image.max()) <= 1
    assert min(result.losses[1:]) < result.losses[0]
    start = torch.from_numpy(np.array(content)).permute(2, 0, 1)[None] / 255
    assert float((result.image - start).abs().mean()) > 1e-4


NETWORKS: dict[str, dict[str, Any]] = {
    "gaussian": {"network__weights": "gaussian"},
    "gaussian 0.015": {"network__weights": "gaussian", "network__weights__std": 0.015},
    "uniform": {"network__weights": "uniform"},
    "binary": {"network__weights": "binary"},
    "binary 0.05": {"network__weights__magnitude": 0.05},
    "ternary": {"network__weights": "discrete"},
    "finer levels": {"network__weights": {"kind": "discrete", "levels": [-0.1, -0.05, 0.05, 0.1]}},
    "asymmetric": {"network__weights": {"kind": "discrete", "levels": [-0.05, 0.1], "probabilities": [0.6, 0.4]}},
    "zero bias": {"network__bias": "zero"},
    "constant bias": {"network__bias__value": 0.25},
    "kernel 2": {"network__kernel_size": 2},
    "average pooling": {"network__pooling": "average"},
    "no pooling": {"network__pooling": "none"},
    "no doubling": {"network__channels": 64},
    "no relu": {"network__activation": "none"},
    "4 channels": {"network__channels": 4, "network__pooling": "none"},
    "16 channels": {"network__channels": 16, "network__pooling": "none"},
    "71 channels": {"network__channels": 71, "network__pooling": "none"},
    "512 channels": {"network__channels": 512, "network__pooling": "none"},
    "pyramid with pooling": {"network": "pyramid", "network__pooling": "max"},
    "laplacian with average pooling": {
        "network": "pyramid",
        "network__bands": "laplacian",
        "network__pooling": "average",
    },
    **{
        f"basic set {basic_set}, strategy {strategy}": {
            "network": "hand-made",
            "network__basic_set": basic_set,
            "network__strategy": strategy,
        }
        for basic_set in (1, 2, 3)
        for strategy in (1, 2, 3, 4)
    },
}


@pytest.mark.parametrize("name", slow_except([name for name in NETWORKS if name != "512 channels"], NETWORKS))
def test_every_network_of_sections_5_and_6_paints(
    name: str, small_image: Image.Image, style_image: Image.Image
) -> None:
    check_painted(transfer(small_image, style_image, quick_spec("paper", size=SIDE, **NETWORKS[name])), small_image)


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "paper-original"])
def test_every_preset_paints(name: str, small_image: Image.Image, style_image: Image.Image) -> None:
    check_painted(transfer(small_image, style_image, quick_spec(name, size=SIDE)), small_image)


TRAINED: dict[str, dict[str, Any]] = {
    "original": {},
    "shuffled weights": {"network__weights": "shuffled"},
    "binarized weights": {"network__weights": "binarized"},
    "zero bias": {"network__bias": "zero"},
    "constant bias": {"network__bias": "constant"},
    "shuffled bias": {"network__bias": "shuffled"},
    "random weights, trained bias": {"network__weights": "uniform"},
    "always rescaled": {"network__rescale": True},
    "never rescaled": {"network__rescale": False},
}


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.parametrize("weights", slow_except(["synthetic_weights"], ["synthetic_weights", "real_weights"]))
def test_every_trained_network_paints(
    name: str, weights: str, small_image: Image.Image, style_image: Image.Image, request: pytest.FixtureRequest
) -> None:
    path = request.getfixturevalue(weights)
    spec = quick_spec("paper-original", size=SIDE, network__trained_file=str(path), **TRAINED[name])
    result = transfer(small_image, style_image, spec)
    check_painted(result, small_image)
    assert result.record.weights is not None


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
@pytest.mark.parametrize("loss", ["gram", "whitened"])
def test_robust_optimizers_with_both_style_losses(
    optimizer: str, loss: str, small_image: Image.Image, style_image: Image.Image
) -> None:
    settings = {"content_loss": "none", "optimizer": optimizer, "optimizer__steps": 5}
    settings |= {"style_loss": loss, "style_loss__layers": [1, 2, 3, 4]}
    check_painted(transfer(small_image, style_image, quick_spec("bare", size=SIDE, **settings)), small_image)


@pytest.mark.parametrize("factors", [(2.0, 1.0, 0.5, 4.0), (0.3, 7.0, 0.01, 90.0)])
def test_the_scale_of_a_layers_weights_does_not_matter(
    factors: tuple[float, ...], content: torch.Tensor, style: torch.Tensor
) -> None:
    """Without biases, ReLU passes a layer's scale on, and whitening takes it out of loss and gradient."""
    spec = quick_spec("bare")
    network = build_network(spec.network, seed=0, deepest_layer=spec.deepest_layer).double()
    pictures = content.double(), style.double()
    plain = build_objective(spec, network, *pictures).evaluate(pictures[0])
    assert isinstance(network, Stack)
    for layer, factor in zip(network.layers, factors, strict=True):
        layer.weight.mul_(factor)
        layer.backward_weight.mul_(factor)
        if layer.blockwise_weight is not None:
            layer.blockwise_weight.mul_(factor)
    scaled = build_objective(spec, network, *pictures).evaluate(pictures[0])
    assert float(scaled.loss) == pytest.approx(float(plain.loss), rel=1e-9)
    torch.testing.assert_close(scaled.gradient, plain.gradient, rtol=1e-6, atol=1e-12)
