"""Total variation (Rudin, Osher & Fatemi 1992, doi:10.1016/0167-2789(92)90242-F)."""

from __future__ import annotations

import torch
from torch import Tensor

from barestyle.distributed import HaloExchange


def total_variation_loss(image: Tensor) -> Tensor:
    """Return the mean absolute difference of horizontal plus that of vertical neighbors of (1, c, H, W), in 0..2."""
    factors = _compute_mean_factors(image, image.shape[2])
    return torch.stack([factor * image.diff(dim=axis).abs().sum() for axis, factor in factors.items()]).sum()


def add_total_variation(image: Tensor, gradient: Tensor, weight: float, below: HaloExchange) -> Tensor:
    """Add the gradient of `weight` times the loss at an image (1, c, H, W) to `gradient`; return the loss, a scalar.

    If the image is split among processes, both have this process's rows, and the loss is what these contribute.
    `below` is the way to these rows and the one below them.
    """
    rows, own = below.gather(image), image.shape[2]
    rows_gradient, loss = torch.zeros_like(rows), torch.zeros_like(gradient[0, 0, 0, 0])
    for axis, factor in _compute_mean_factors(rows, below.height).items():
        # The row below counts in the differences from it, but not in those within it.
        part = slice(own) if axis == 3 else slice(None)
        differences = rows[:, :, part].diff(dim=axis)
        loss += weight * factor * differences.abs().sum()
        signs = differences.sign_().mul_(weight * factor)
        target, count = rows_gradient[:, :, part], signs.shape[axis]
        target.narrow(axis, 1, count).add_(signs)
        target.narrow(axis, 0, count).sub_(signs)
    gradient += below.add_back(rows_gradient)
    return loss


def _compute_mean_factors(image: Tensor, height: int) -> dict[int, float]:
    """Return by axis the factor that makes the sum of differences in an image of this height a mean."""
    _, channels, _, width = image.shape
    return {
        3: 1 / (channels * height * max(width - 1, 1)),
        2: 1 / (channels * max(height - 1, 1) * width),
    }
