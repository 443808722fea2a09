"""The objective: parts, weights, and what is not computed."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from barestyle.losses.total_variation import total_variation_loss
from barestyle.networks import build
from barestyle.objective import Objective, assemble
from barestyle.presets import preset
from barestyle.spec import with_settings


def objective(content: Tensor, style: Tensor, **settings: object) -> Objective:
    spec = with_settings(
        preset("npnd").spec, {"network.channels": 8, **{k.replace("__", "."): v for k, v in settings.items()}}
    )
    network = build(spec.network, seed=0, deepest_tap=spec.deepest_tap)
    return assemble(spec, network.to(content.dtype), content, style)


def test_the_loss_is_the_sum_of_its_weighted_parts(content: Tensor, style: Tensor) -> None:
    one = {"content_loss": "features", "content_loss__tap": 3, "smoothness": "total-variation"}
    image = content.flip(-1)
    plain = objective(content, style, **one).evaluate(image)
    heavy = objective(
        content, style, **one, content_loss__weight=3.0, smoothness__weight=5.0, style_loss__weight=2e6
    ).evaluate(image)
    assert set(plain.parts) == {"style", "content", "smoothness"}
    assert float(plain.loss) == pytest.approx(sum(float(part) for part in plain.parts.values()))
    for name, factor in (("content", 3.0), ("smoothness", 5.0), ("style", 2.0)):
        assert float(heavy.parts[name]) == pytest.approx(factor * float(plain.parts[name]), rel=1e-5)


def test_the_content_loss_vanishes_at_the_content(content: Tensor, style: Tensor) -> None:
    found = objective(content, style, content_loss="features").evaluate(content)
    assert float(found.parts["content"]) == 0


def test_the_style_loss_vanishes_at_the_style(content: Tensor, style: Tensor) -> None:
    for kind in ("gram", "whitened"):
        # The style is measured in tiles of the content's size, which in float32 would round otherwise.
        terms = objective(content.double(), style.double(), style_loss=kind)
        assert float(terms.evaluate(style.double()).loss) == pytest.approx(0, abs=1e-15)


def test_each_tap_counts(content: Tensor, style: Tensor) -> None:
    each = [float(objective(content, style, style_loss__taps=[tap]).evaluate(content).loss) for tap in range(1, 6)]
    together = float(objective(content, style).evaluate(content).loss)
    assert len(set(each)) == 5
    assert together == pytest.approx(sum(each), rel=1e-5)


def test_smoothness_is_the_mean_difference_of_neighbors() -> None:
    image = torch.zeros(1, 3, 4, 5)
    image[..., 2:] = 0.5  # one step in each row of four differences, none in the columns
    assert float(total_variation_loss(image)) == pytest.approx(0.5 / 4)


@pytest.mark.parametrize("tap", [1, 4])
def test_content_loss_is_a_mean_square(content: Tensor, style: Tensor, tap: int) -> None:
    found = objective(content, style, content_loss="features", content_loss__tap=tap, content_loss__weight=3.0)
    image = content.flip(-1)
    expected = 3 * F.mse_loss(found.network(image)[tap], found.network(content)[tap])
    assert float(found.evaluate(image).parts["content"]) == pytest.approx(float(expected), rel=1e-5)


def test_no_gradient_is_computed_for_weights(content: Tensor, style: Tensor) -> None:
    one = objective(content, style)
    assert list(one.network.parameters()) == []
    assert all(not buffer.requires_grad for buffer in one.network.buffers())


def test_features_are_channels_last(content: Tensor, style: Tensor) -> None:
    for maps in objective(content, style).network(content).values():
        assert maps.is_contiguous(memory_format=torch.channels_last)
