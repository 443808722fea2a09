"""Total variation, on an image whose value is known."""

from __future__ import annotations

import pytest
import torch

from barestyle.losses import total_variation_loss


def test_it_is_the_mean_difference_of_neighbors() -> None:
    image = torch.zeros(1, 3, 4, 5)
    image[..., 2:] = 0.5  # one step in each row of four differences, none in the columns
    assert float(total_variation_loss(image)) == pytest.approx(0.5 / 4)
