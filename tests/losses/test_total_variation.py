"""Total variation, on an image whose value is known, and its gradient beside autograd's."""

from __future__ import annotations

import pytest
import torch

from barestyle.distributed import HaloExchange, RowShard
from barestyle.losses import total_variation_loss
from barestyle.losses.total_variation import add_total_variation


def test_it_is_the_mean_difference_of_neighbors() -> None:
    image = torch.zeros(1, 3, 4, 5)
    image[..., 2:] = 0.5  # one step in each row of four differences, none in the columns
    assert float(total_variation_loss(image)) == pytest.approx(0.5 / 4)


@pytest.mark.parametrize(("height", "width"), [(6, 9), (1, 7), (5, 1), (1, 1)])
def test_the_gradient_is_that_of_autograd(height: int, width: int) -> None:
    image = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    image[..., : width // 2] = image[..., : width // 2].round()  # equal neighbors, too
    leaf = image.clone().requires_grad_(True)
    (0.7 * total_variation_loss(leaf)).backward()  # type: ignore[no-untyped-call]
    gradient = torch.ones_like(image)
    whole = HaloExchange(RowShard.split(height), (0, height))
    loss = add_total_variation(image, gradient, 0.7, whole)
    assert leaf.grad is not None
    assert float(loss) == pytest.approx(0.7 * float(total_variation_loss(image)), rel=1e-12, abs=1e-15)
    torch.testing.assert_close(gradient, 1 + leaf.grad, rtol=1e-12, atol=1e-12)
