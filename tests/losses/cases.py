"""Feature maps, colors and plain losses that several tests share."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from barestyle.images.color_transfer import Rows
from barestyle.losses.blurring import blur
from barestyle.losses.color_bound import BOUND, CELL
from barestyle.losses.luminance_content import LIGHTNESS_WEIGHT, PIXELS_WEIGHT
from barestyle.losses.structure_guide import COLOR_BLUR, OPPONENT_AXES, GuideMaps


def correlated_maps(seed: int, channels: int = 5, height: int = 9, width: int = 8) -> Tensor:
    """Return seeded features (1, c, h, w) whose channels are correlated, float64."""
    generator = torch.Generator().manual_seed(seed)
    mixing = torch.randn(channels, channels, generator=generator, dtype=torch.float64)
    noise = torch.randn(1, channels, height, width, generator=generator, dtype=torch.float64)
    return torch.einsum("dc,nchw->ndhw", mixing, noise) + 1


def compute_luminance_content_loss(image: Tensor, content: Tensor, cells: int, strength: float = 0.5) -> Tensor:
    """Return the luminance content loss, resized in two dimensions at once, for autograd to differentiate."""
    tradeoff = (1 - strength) / strength
    luma = torch.tensor([0.299, 0.587, 0.114], dtype=image.dtype).view(1, 3, 1, 1)
    blurred = blur_over_cells(((image - content) * luma).sum(1, keepdim=True), cells)
    pixels = (image - content).square().mean()
    return LIGHTNESS_WEIGHT * tradeoff * blurred.square().mean() + PIXELS_WEIGHT * tradeoff**3 * pixels


def compute_color_bound_loss(image: Tensor, maps: GuideMaps, mask: Tensor | None = None) -> Tensor:
    """Return the loss of colors beyond their bound, of weight 1, for autograd to differentiate."""
    colors = torch.einsum("ac,nchw->nahw", torch.tensor(OPPONENT_AXES).to(image), image)
    cells = max(maps.colors.shape[-2:]) // CELL
    blurred = blur(blur_over_cells(colors, cells), COLOR_BLUR / CELL)
    relative = (blurred - maps.palette_mean.to(image).view(1, 3, 1, 1)) / maps.palette_std.to(image).view(1, 3, 1, 1)
    guide = F.interpolate(maps.colors.to(image), blurred.shape[-2:], mode="bilinear", antialias=True)
    beyond = ((relative - guide)[:, 1:].square().sum(1).sqrt() - BOUND).clamp(min=0).square()
    weights = 1.0 if mask is None else (2 * blur(blur_over_cells(mask, cells), COLOR_BLUR / CELL)[0] - 1).clamp(min=0)
    return (beyond * weights).mean()


def blur_over_cells(plane: Tensor, cells: int) -> Tensor:
    """Return planes resized to a number of cells along the long side, or as they are if they have fewer pixels."""
    height, width = plane.shape[-2:]
    cell = max(height, width) / cells
    size = max(round(height / cell), 1), max(round(width / cell), 1)
    return F.interpolate(plane, size, mode="bilinear", antialias=True) if cell > 1 else plane


def draw_colors(count: int, seed: int) -> Rows:
    """Return two clusters of colors, (count, 3)."""
    generator = np.random.default_rng(seed)
    centers = generator.uniform(-2, 2, (2, 3))
    return centers[generator.integers(0, 2, count)] + 0.4 * generator.standard_normal((count, 3))


def draw_standard_colors(count: int, seed: int) -> Rows:
    """Return two clusters of colors, (count, 3), with mean 0 and deviation 1 along each axis."""
    colors = draw_colors(count, seed)
    standardized: Rows = (colors - colors.mean(0)) / colors.std(0)
    return standardized
