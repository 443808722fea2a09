"""Move an image along a flow."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def warp(image: Tensor, flow: Tensor) -> Tensor:
    """Return an image (1, c, H, W) sampled at every pixel's position plus the flow, (1, 2, H, W) in pixels, x first.

    Positions outside the image have its nearest border. The cubic is that of Keys 1981 (doi:10.1109/TASSP.1981.1163711)
    with a = -1/2. It reproduces linear images exactly; PyTorch's, with a = -3/4, exaggerates edges, frame after frame.
    Values can leave the image's range.
    """
    height, width = image.shape[-2:]
    x, y = find_positions(flow)
    columns, column_weights = _weigh_neighbors(x, width)
    rows, row_weights = _weigh_neighbors(y, height)
    pixels = image.flatten(2)
    result = torch.zeros_like(image)
    for row, row_weight in zip(rows, row_weights, strict=True):
        line = torch.zeros_like(image)
        for column, column_weight in zip(columns, column_weights, strict=True):
            line.addcmul_(pixels[..., (row * width + column).flatten()].view_as(image), column_weight.to(image))
        result.addcmul_(line, row_weight.to(image))
    return result


def warp_smooth(values: Tensor, flow: Tensor) -> Tensor:
    """Return what `warp` does, by bilinear interpolation: for smooth values, and without overshoot."""
    height, width = values.shape[-2:]
    x, y = find_positions(flow)
    # grid_sample's coordinates are -1 and 1 at the image's outer edges, half a pixel beyond the pixels' centers.
    grid = torch.stack(((2 * x + 1) / width - 1, (2 * y + 1) / height - 1), dim=-1)[None].to(values)
    return F.grid_sample(values, grid, mode="bilinear", padding_mode="border", align_corners=False)


def is_inside(flow: Tensor) -> Tensor:
    """Return where the flow points into the image, (1, 1, H, W), bool."""
    height, width = flow.shape[-2:]
    x, y = find_positions(flow)
    inside: Tensor = (x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)
    return inside[None, None]


def find_positions(flow: Tensor) -> tuple[Tensor, Tensor]:
    """Return where the flow ends for each pixel, as x and y, (H, W) each."""
    height, width = flow.shape[-2:]
    y, x = torch.meshgrid(torch.arange(height).to(flow), torch.arange(width).to(flow), indexing="ij")
    return x + flow[0, 0], y + flow[0, 1]


def _weigh_neighbors(positions: Tensor, side: int) -> tuple[list[Tensor], list[Tensor]]:
    """Return the indices of the four nearest pixels along an axis, and their weights."""
    positions = positions.clamp(0, side - 1)
    first = positions.floor()
    t = positions - first
    weights = [
        ((-0.5 * t + 1) * t - 0.5) * t,
        (1.5 * t - 2.5) * t * t + 1,
        ((-1.5 * t + 2) * t + 0.5) * t,
        (0.5 * t - 0.5) * t * t,
    ]
    return [(first.long() + offset).clamp(0, side - 1) for offset in (-1, 0, 1, 2)], weights
