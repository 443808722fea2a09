"""Curves that give every painted picture the colors of the style in their proportions.

A network paints all photographs with about the same contrast, and so the pictures are paler than the painting. Its
output is therefore moved to the distribution of the style's colors, along one axis of color after the other (Pitié,
Kokaram & Dahyot 2007, doi:10.1016/j.cviu.2006.11.011). Along each axis the cumulative distribution is measured at
evenly spaced knots, and gives the value that each knot gets. The curves depend on the
whole picture; with given curves, each pixel's color depends on that pixel alone.

`losses.color_transport` does the same for the guide of a search. It smooths over a third of the deviation, as coarse
colors need, does not limit slopes, and runs in NumPy, which a graph of ONNX cannot repeat.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

KNOTS = 33
"""Points of a curve; it is linear between them."""

LEVELS = 65
"""Evenly spaced shares of a style's pixels whose quantiles are known, from 0 to 1."""

MAX_SLOPE = 2.0
"""Of a curve: a pass does not raise contrast further, so that even areas do not become noise."""

SAMPLING = 2
"""Rows and columns from one to the next that is measured."""

CHUNK = 1 << 16
"""Pixels that are moved at the same time, so that they stay in the processor's cache."""

_LIGHTNESS_AND_CHROMA = ((1.0, 1.0, 1.0), (1.0, 0.0, -1.0), (1.0, -2.0, 1.0))
_ANGLES = ((0.9, 0.5, 2.1), (2.3, 1.1, 0.4))
"""Of two rotations that were drawn once. They are written out because the quantiles in files depend on them."""


def _build_axes() -> Tensor:
    """Return orthonormal axes of color, (passes, 3, 3): lightness and chroma, and two rotations; axes are columns."""
    first = torch.tensor(_LIGHTNESS_AND_CHROMA).T
    return torch.stack([first / first.norm(dim=0), *(_rotate(*angles) for angles in _ANGLES)])


def _rotate(*angles: float) -> Tensor:
    """Return the product of rotations by angles about the three coordinate axes."""
    product = torch.eye(3)
    for axis, angle in enumerate(torch.tensor(angles)):
        i, j = (k for k in range(3) if k != axis)
        rotation = torch.eye(3)
        rotation[i, i] = rotation[j, j] = angle.cos()
        rotation[i, j], rotation[j, i] = -angle.sin(), angle.sin()
        product = product @ rotation
    return product


AXES = _build_axes()
PASSES = len(AXES)

LOW = AXES.clamp(max=0).sum(1)
"""Smallest coordinate of a color in 0..1 along each axis, (PASSES, 3): where the first knot is."""

STEP = (AXES.clamp(min=0).sum(1) - LOW) / (KNOTS - 1)
"""Distance between two knots, (PASSES, 3)."""


class Palette(nn.Module):
    """The colors of each style: quantiles along every axis, (styles, PASSES, 3, LEVELS), from `measure_quantiles`."""

    quantiles: Tensor

    def __init__(self, styles: int) -> None:
        super().__init__()
        # All colors evenly, until a training or a file sets those of a painting.
        even = LOW[..., None] + STEP[..., None] * (KNOTS - 1) * torch.linspace(0, 1, LEVELS)
        self.register_buffer("quantiles", even.repeat(styles, 1, 1, 1))

    def mix(self, shares: Tensor) -> Tensor:
        """Return the quantiles of mixtures (N, PASSES, 3, LEVELS) for shares of the styles, (N, styles)."""
        return torch.einsum("ns,spal->npal", shares, self.quantiles)


def measure_quantiles(pixels: Tensor, mask: Tensor | None = None) -> Tensor:
    """Return the quantiles of an image's colors along every axis, (PASSES, 3, LEVELS).

    `pixels` is (1, 3, H, W) in 0..1, and `mask` (1, 1, H, W) has weights of the pixels, not all 0.
    """
    colors = pixels[0].flatten(1).double()
    weights = torch.ones_like(colors[0]) if mask is None else mask.double().flatten()
    levels = torch.linspace(0, 1, LEVELS, dtype=torch.float64)
    rows = (AXES.double().transpose(1, 2) @ colors).flatten(0, 1)
    return torch.stack([_find_quantiles(row, weights, levels) for row in rows]).float().view(PASSES, 3, LEVELS)


def _find_quantiles(values: Tensor, weights: Tensor, levels: Tensor) -> Tensor:
    """Return the smallest values that have at least each level of the whole weight up to them."""
    used = weights > 0
    ordered, order = values[used].sort()
    cumulative = weights[used][order].cumsum(0)
    index = torch.searchsorted(cumulative, levels * cumulative[-1]).clamp(max=len(ordered) - 1)
    return ordered[index]


@torch.no_grad()
def compute_curves(painted: Tensor, quantiles: Tensor) -> Tensor:
    """Return the values of the curves at their knots, (N, PASSES, 3, KNOTS), for images (N, 3, H, W) in 0..1.

    `quantiles` (N or 1, PASSES, 3, LEVELS) are those of the colors that the images shall have.
    """
    colors = painted.float()[..., ::SAMPLING, ::SAMPLING].flatten(2)
    curves, axes = [], torch.eye(3)
    for number in range(PASSES):
        positions = _locate(colors, number, axes)
        target = quantiles[:, number].expand(len(colors), -1, -1)
        curves.append(_compute_pass(_accumulate(positions), target, STEP[number].to(colors)))
        colors, axes = _interpolate(curves[-1], positions), AXES[number]
    return torch.stack(curves, dim=1)


def apply_curves(painted: Tensor, curves: Tensor) -> Tensor:
    """Return images (N, 3, H, W) with their colors moved along curves (N or 1, PASSES, 3, KNOTS), in 0..1."""
    pixels = painted.float().flatten(2)
    moved = torch.empty_like(pixels)
    for start in range(0, pixels.shape[2], CHUNK):
        part = slice(start, start + CHUNK)
        colors, axes = pixels[..., part], torch.eye(3)  # coordinates along axes, which change in one product
        for number in range(PASSES):
            table = curves[:, number].to(colors).expand(len(colors), -1, -1)
            colors = _interpolate(table, _locate(colors, number, axes))
            axes = AXES[number]
        moved[..., part] = (axes.to(colors) @ colors).clamp_(0, 1)
    return moved.view(painted.shape)


def _locate(colors: Tensor, number: int, axes: Tensor) -> Tensor:
    """Return where colors (N, 3, pixels) are along the axes of a pass, in knots: (N, 3, pixels) in 0..KNOTS - 1.

    The colors are coordinates along `axes`, (3, 3).
    """
    low, step = (values[number, :, None] for values in (LOW, STEP))
    coordinates = ((AXES[number].T @ axes) / step).to(colors) @ colors
    return coordinates.sub_((low / step).to(colors)).clamp_(0, KNOTS - 1)


def _accumulate(positions: Tensor) -> Tensor:
    """Return the share of pixels below each knot, (N, 3, KNOTS); a pixel is spread over the distance of two knots."""
    shifted = positions + 0.5
    index = shifted.long()
    above = shifted - index
    counts = positions.new_zeros(*positions.shape[:2], KNOTS + 1)
    counts.scatter_add_(2, index, 1 - above).scatter_add_(2, index + 1, above)
    return counts.cumsum(2)[..., :KNOTS] / positions.shape[2]


def _compute_pass(cumulative: Tensor, quantiles: Tensor, step: Tensor) -> Tensor:
    """Return the curves of a pass (N, 3, KNOTS); their slope is limited, and they keep the mean of the colors."""
    exact = _interpolate(quantiles, cumulative * (LEVELS - 1))
    rises = exact.diff(dim=2)
    limited = rises.minimum(MAX_SLOPE * step[:, None]).cumsum(2)
    curve = torch.cat((torch.zeros_like(exact[..., :1]), limited), dim=2)
    share = cumulative.diff(dim=2)
    lost = ((exact - curve)[..., 1:] + (exact - curve)[..., :-1]) / 2
    return curve + (lost * share).sum(2, keepdim=True) / share.sum(2, keepdim=True)


def _interpolate(table: Tensor, positions: Tensor) -> Tensor:
    """Return the values of tables (N, 3, n) at positions (N, 3, m) in 0..n - 1, linearly between entries."""
    rises = torch.cat((table.diff(dim=2), torch.zeros_like(table[..., :1])), dim=2)
    # An entry and the rise after it are read at once, as a complex number: this halves the time.
    pairs = torch.view_as_real(torch.complex(table, rises).gather(2, positions.long()))
    return torch.addcmul(pairs[..., 0], pairs[..., 1], positions.frac())
