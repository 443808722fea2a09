"""Colors kept or matched: mathematics of sRGB pixels (1, 3, H, W) in 0..1, on the CPU.

Gatys, Bethge, Hertzmann & Shechtman 2016, "Preserving color in neural artistic style transfer" (arXiv:1606.05897).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from barestyle.spec.colors import Method, Space

LUMA = (0.299, 0.587, 0.114)
"""Shares of red, green and blue in the Y of YIQ and of ITU-R BT.601, of sRGB values as they are."""

LEAST_VARIANCE = 1e-6
"""Added to the variance of every color direction: a picture of one color has none to be mapped by."""


def luminance(pixels: Tensor) -> Tensor:
    """The Y of YIQ: (1, 1, H, W) in 0..1."""
    shares = torch.tensor(LUMA, dtype=pixels.dtype, device=pixels.device).view(1, 3, 1, 1)
    return (pixels * shares).sum(1, keepdim=True)


def gray(pixels: Tensor) -> Tensor:
    """The same picture without colors, (1, 3, H, W)."""
    return luminance(pixels).expand_as(pixels).contiguous()


def with_luminance(pixels: Tensor, y: Tensor) -> Tensor:
    """A picture's own I and Q with another Y, (1, 1, H, W), in 0..1.

    Adding the same to red, green and blue changes Y alone. What would leave 0..1 is brought back towards gray, so that
    the luminance is right even there.
    """
    chroma = pixels - luminance(pixels)
    y = y.clamp(0, 1)
    # The largest share of the chroma that stays within 0..1 at every pixel.
    room = torch.where(chroma > 0, (1 - y) / chroma.clamp(min=1e-12), y / (-chroma).clamp(min=1e-12))
    return (y + chroma * room.amin(1, keepdim=True).clamp(max=1)).clamp(0, 1)


def luminance_matched(
    pixels: Tensor, reference: Tensor, mask: Tensor | None = None, reference_mask: Tensor | None = None
) -> Tensor:
    """A gray picture with the mean and deviation of another's luminance (ibid., equation 10).

    Only what the masks, (1, 1, h, w) in 0..1, show of each is measured.
    """
    own = luminance(pixels).double()
    mean, deviation = _spread(own, mask)
    wanted_mean, wanted = _spread(luminance(reference).double(), reference_mask)
    factor = wanted / deviation if float(deviation) > 0 else torch.zeros(())
    return (wanted_mean + factor * (own - mean)).clamp(0, 1).to(pixels.dtype).expand_as(pixels).contiguous()


def _spread(values: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """Mean and deviation of what a mask shows."""
    weight = torch.ones_like(values) if mask is None else mask.double()
    mean = (values * weight).sum() / weight.sum()
    return mean, (((values - mean).square() * weight).sum() / weight.sum()).sqrt()


def matched(
    pixels: Tensor,
    reference: Tensor,
    *,
    method: Method = "mean-covariance",
    space: Space = "linear-rgb",
    mask: Tensor | None = None,
    reference_mask: Tensor | None = None,
) -> Tensor:
    """A picture whose colors are mapped so that their statistics are those of `reference`, in 0..1.

    Args:
        method: `mean-covariance` maps all colors linearly (the way of least movement, Pitié & Kokaram 2007,
            doi:10.1049/cp:20070055); `histogram` maps each channel by itself, monotonically.
        space: where that is done.
        mask: (1, 1, h, w) in 0..1; only what it shows of the first picture is measured, all of it is mapped.
        reference_mask: likewise of the reference.
    """
    own, other = _into(pixels, space), _into(reference, space)
    weights = _weight(mask, len(own)), _weight(reference_mask, len(other))
    found = (_linear if method == "mean-covariance" else _by_histogram)(own, other, *weights)
    return _out_of(found, space, pixels)


def _weight(mask: Tensor | None, pixels: int) -> _Rows:
    found: _Rows = np.ones(pixels) if mask is None else mask.double().flatten().numpy()
    return found


def _linear(own: _Rows, other: _Rows, weight: _Rows, other_weight: _Rows) -> _Rows:
    """Rows (n, 3), mapped by A (x - mean) + mean' with A = C^(-1/2) (C^(1/2) C' C^(1/2))^(1/2) C^(-1/2)."""
    mean, covariance = _statistics(own, weight)
    wanted_mean, wanted = _statistics(other, other_weight)
    floor = LEAST_VARIANCE * max(float(np.trace(covariance)), float(np.trace(wanted)), 1e-12)
    root = _power(covariance + floor * np.eye(3), 0.5)
    inverse = np.linalg.inv(root)
    mapping = inverse @ _power(root @ (wanted + floor * np.eye(3)) @ root, 0.5) @ inverse
    return (own - mean) @ mapping.T + wanted_mean


def _statistics(rows: _Rows, weight: _Rows) -> tuple[_Rows, _Rows]:
    mean = np.average(rows, axis=0, weights=weight)
    return mean, (rows - mean).T @ ((rows - mean) * weight[:, None]) / weight.sum()


def _power(matrix: _Rows, exponent: float) -> _Rows:
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    found: _Rows = (vectors * np.clip(values, 0, None) ** exponent) @ vectors.T
    return found


def _by_histogram(own: _Rows, other: _Rows, weight: _Rows, other_weight: _Rows) -> _Rows:
    """Each channel's values, mapped so that their distribution is the other's."""
    found = np.empty_like(own)
    shown = weight > 0
    for channel in range(3):
        order = np.argsort(own[shown, channel], kind="stable")
        values, weights = own[shown, channel][order], weight[shown][order]
        # The share of the pixels below each value, ties at their middle, so that equal values stay equal.
        distinct, first = np.unique(values, return_index=True)
        until = np.concatenate([[0.0], np.cumsum(weights)])
        ends = np.append(first[1:], len(values))
        shares = (until[first] + until[ends]) / 2 / until[-1]
        order = np.argsort(other[:, channel], kind="stable")
        target, ranks = other[order, channel], np.cumsum(other_weight[order])
        places = (ranks - other_weight[order] / 2) / ranks[-1]
        found[:, channel] = np.interp(np.interp(own[:, channel], distinct, shares), places, target)
    return found


_Rows = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def _into(pixels: Tensor, space: Space) -> _Rows:
    """Pixels as rows (H·W, 3) in a color space, float64."""
    from kornia.color import rgb_to_lab, rgb_to_linear_rgb  # slow to load, and seldom needed

    values = pixels.double()
    converted = rgb_to_linear_rgb(values) if space == "linear-rgb" else rgb_to_lab(values)
    rows: _Rows = converted[0].flatten(1).T.numpy()
    return rows


def _out_of(rows: _Rows, space: Space, like: Tensor) -> Tensor:
    """Rows of a color space as pixels of the shape and type of others, in 0..1."""
    from kornia.color import lab_to_rgb, linear_rgb_to_rgb

    planes = torch.from_numpy(np.ascontiguousarray(rows.T)).view(like.shape)
    converted: Tensor = linear_rgb_to_rgb(planes.clamp(0, 1)) if space == "linear-rgb" else lab_to_rgb(planes)
    return converted.clamp(0, 1).to(like.dtype)
