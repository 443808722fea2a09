"""Total variation (Rudin, Osher & Fatemi 1992, doi:10.1016/0167-2789(92)90242-F)."""

from __future__ import annotations

import torch
from torch import Tensor

from barestyle.distributed import HaloExchange


def total_variation_loss(image: Tensor) -> Tensor:
    """Return the mean absolute difference of horizontal plus that of vertical neighbors of (1, c, H, W), in 0..2."""
    return _sum_differences(image, image.shape[2], image.shape[2])


def add_total_variation(image: Tensor, gradient: Tensor, weight: float, below: HaloExchange) -> Tensor:
    """Add the gradient of `weight` times the loss at an image (1, c, H, W) to `gradient`; return the loss, a scalar.

    If the image is split among processes, both have this process's rows, and the loss is what these contribute.
    `below` is the way to these rows and the one below them.
    """
    leaf = below.gather(image).detach().requires_grad_(True)
    with torch.enable_grad():
        loss = weight * _sum_differences(leaf, image.shape[2], below.height)
    gradient += below.add_back(torch.autograd.grad(loss, leaf)[0])
    return loss.detach()


def _sum_differences(rows: Tensor, own: int, height: int) -> Tensor:
    """Return what the first `own` rows contribute to the loss of an image of `height`; one more row may follow them."""
    _, channels, _, width = rows.shape
    across, down = rows[:, :, :own].diff(dim=3).abs().sum(), rows.diff(dim=2).abs().sum()
    return across / (channels * height * max(width - 1, 1)) + down / (channels * max(height - 1, 1) * width)
