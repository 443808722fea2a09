"""The content loss: a weighted mean square of features, zero at the content."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from barestyle.objective.feature_content import FeatureContentTerm
from tests.objective.cases import build_small_objective


def test_it_vanishes_at_the_content(content: Tensor, style: Tensor) -> None:
    evaluation = build_small_objective(content, style, content_loss="features").evaluate(content)
    assert float(evaluation.parts["content"]) == 0


@pytest.mark.parametrize("tap", [1, 4])
def test_it_is_a_weighted_mean_square(content: Tensor, style: Tensor, tap: int) -> None:
    settings = {"content_loss": "features", "content_loss__layer": tap, "content_loss__weight": 3.0}
    objective = build_small_objective(content, style, **settings)
    image = content.flip(-1)
    expected = 3 * F.mse_loss(objective.network(image)[tap], objective.network(content)[tap])
    assert float(objective.evaluate(image).parts["content"]) == pytest.approx(float(expected), rel=1e-5)


def test_a_term_sums_over_parts_what_autograd_computes_for_the_whole() -> None:
    generator = torch.Generator().manual_seed(0)
    features, target = torch.rand(2, 1, 4, 6, 5, generator=generator, dtype=torch.float64)
    leaf = features.clone().requires_grad_(True)
    expected = 0.25 * (leaf - target).square().sum()
    (expected_gradient,) = torch.autograd.grad(expected, leaf)
    term = FeatureContentTerm(0, target=None, factor=0.25, squares=torch.zeros((), dtype=torch.float64))  # type: ignore[arg-type]
    gradient = torch.ones_like(features)
    for rows in (slice(0, 2), slice(2, 6)):
        term.add_gradient(gradient[:, :, rows], features[:, :, rows], target[:, :, rows])
    assert float(term.loss) == pytest.approx(float(expected.detach()))
    torch.testing.assert_close(gradient - 1, expected_gradient)
