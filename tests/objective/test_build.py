"""From a spec to an objective: which terms it has."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from barestyle.losses.missing_colors import WEIGHT
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
