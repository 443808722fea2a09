"""Style losses with their targets: their weights, and their minimum at the style."""

from __future__ import annotations

import pytest
import torch

from barestyle.losses import compute_moments, gram_loss, gram_matrix, whiten_style, whitened_loss
from barestyle.objective import build_style_losses
from barestyle.spec import GramLoss, WhitenedLoss
from tests.losses.cases import correlated_maps


def test_gram_losses_are_weighted_at_each_tap() -> None:
    style = {tap: compute_moments(correlated_maps(tap)) for tap in (1, 3)}
    image = compute_moments(correlated_maps(7))
    losses = build_style_losses(GramLoss(weight=5.0), style)
    for tap, moments in style.items():
        expected = 5 * gram_loss(image, gram_matrix(moments))
        assert float(losses[tap](image)) == pytest.approx(float(expected), rel=1e-12)
        assert float(losses[tap](moments)) == 0


def test_whitened_losses_are_averaged_over_taps() -> None:
    style = {tap: compute_moments(correlated_maps(tap)) for tap in (1, 3)}
    image = compute_moments(correlated_maps(7))
    losses = build_style_losses(WhitenedLoss(weight=5.0, epsilon=1e-3), style)
    total = torch.stack([loss(image) for loss in losses.values()]).sum()
    each = torch.stack([whitened_loss(image, whiten_style(moments, 1e-3)) for moments in style.values()])
    assert float(total) == pytest.approx(5 * float(each.mean()), rel=1e-12)
