"""Move an image along a flow."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def warp(image: Tensor, flow: Tensor, *, mode: str = "bicubic") -> Tensor:
    """Return an image (1, c, H, W) sampled at every pixel's position plus the flow, (1, 2, H, W) in pixels, x first.

    Positions outside the image have its nearest border. Bicubic sampling keeps more detail than bilinear, frame after
    frame, and can leave the image's range.
    """
    height, width = image.shape[-2:]
    y, x = torch.meshgrid(torch.arange(height).to(flow), torch.arange(width).to(flow), indexing="ij")
    # grid_sample's coordinates are -1 and 1 at the image's outer edges, half a pixel beyond the pixels' centers.
    grid = torch.stack(((2 * (x + flow[0, 0]) + 1) / width - 1, (2 * (y + flow[0, 1]) + 1) / height - 1), dim=-1)
    return F.grid_sample(image, grid[None].to(image), mode=mode, padding_mode="border", align_corners=False)


def is_inside(flow: Tensor) -> Tensor:
    """Return where the flow points into the image, (1, 1, H, W), bool."""
    height, width = flow.shape[-2:]
    y, x = torch.meshgrid(torch.arange(height).to(flow), torch.arange(width).to(flow), indexing="ij")
    x, y = x + flow[0, 0], y + flow[0, 1]
    inside: Tensor = (x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)
    return inside[None, None]
