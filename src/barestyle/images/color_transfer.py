"""Preserve or transfer colors of sRGB pixels (1, 3, H, W) in 0..1, on the CPU.

Gatys, Bethge, Hertzmann & Shechtman 2016, "Preserving color in neural artistic style transfer" (arXiv:1606.05897).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from barestyle.spec.colors import Method, Space

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in the Y of YIQ and of ITU-R BT.601, for gamma-encoded values."""

RELATIVE_VARIANCE_FLOOR = 1e-6
"""Added to the variance of every color direction, relative to the total: an image of one color has no variance."""


def luminance(pixels: Tensor) -> Tensor:
    """Return the Y of YIQ, (1, 1, H, W) in 0..1."""
    weights = torch.tensor(LUMA, dtype=pixels.dtype, device=pixels.device).view(1, 3, 1, 1)
    return (pixels * weights).sum(1, keepdim=True)


def to_gray(pixels: Tensor) -> Tensor:
    """Return the image without colors, (1, 3, H, W)."""
    return luminance(pixels).expand_as(pixels).contiguous()


def replace_luminance(pixels: Tensor, y: Tensor) -> Tensor:
    """Return an image with its own I and Q and another Y, (1, 1, H, W), in 0..1.

    Adding the same number to red, green and blue changes Y only. Colors that would leave 0..1 move towards gray, so
    that the luminance is right there, too.
    """
    chroma = pixels - luminance(pixels)
    y = y.clamp(0, 1)
    # The largest factor of the chroma that keeps a channel within 0..1.
    limit = torch.where(chroma > 0, (1 - y) / chroma.clamp(min=1e-12), y / (-chroma).clamp(min=1e-12))
    return (y + chroma * limit.amin(1, keepdim=True).clamp(max=1)).clamp(0, 1)


def match_luminance(
    pixels: Tensor, reference: Tensor, mask: Tensor | None = None, reference_mask: Tensor | None = None
) -> Tensor:
    """Return a gray image with the mean and standard deviation of the reference's luminance (ibid., equation 10).

    Masks, (1, 1, h, w) in 0..1, are weights of the pixels of each image in its statistics.
    """
    y = luminance(pixels).double()
    mean, std = _mean_std(y, mask)
    reference_mean, reference_std = _mean_std(luminance(reference).double(), reference_mask)
    factor = reference_std / std if float(std) > 0 else torch.zeros(())
    return (reference_mean + factor * (y - mean)).clamp(0, 1).to(pixels.dtype).expand_as(pixels).contiguous()


def _mean_std(values: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return the weighted mean and standard deviation."""
    weight = torch.ones_like(values) if mask is None else mask.double()
    mean = (values * weight).sum() / weight.sum()
    return mean, (((values - mean).square() * weight).sum() / weight.sum()).sqrt()


def match_colors(
    pixels: Tensor,
    reference: Tensor,
    *,
    method: Method = "mean-covariance",
    space: Space = "linear-rgb",
    mask: Tensor | None = None,
    reference_mask: Tensor | None = None,
) -> Tensor:
    """Return an image whose colors are mapped to the statistics of the reference's colors, in 0..1.

    Args:
        pixels: (1, 3, H, W), the image to map.
        reference: (1, 3, h, w), the image with the desired colors.
        method: `mean-covariance` maps all colors by one linear map, the optimal transport of one Gaussian to another
            (Pitié & Kokaram 2007, doi:10.1049/cp:20070055); `histogram` maps each channel by a monotonic function.
        space: the color space of the map.
        mask: (1, 1, H, W) in 0..1, weights of the pixels in the image's statistics; all pixels are mapped.
        reference_mask: (1, 1, h, w) in 0..1, weights of the reference's pixels.
    """
    source, target = to_space(pixels, space), to_space(reference, space)
    weights = _mask_weights(mask, len(source)), _mask_weights(reference_mask, len(target))
    map_rows = map_linearly if method == "mean-covariance" else _map_histograms
    return from_space(map_rows(source, target, *weights), space, pixels)


def _mask_weights(mask: Tensor | None, count: int) -> Rows:
    """Return a weight for each of `count` pixels."""
    weights: Rows = np.ones(count) if mask is None else mask.double().flatten().numpy()
    return weights


def map_linearly(source: Rows, target: Rows, weights: Rows, target_weights: Rows) -> Rows:
    """Map rows (n, 3) by A (x - mean) + mean' with A = C^(-1/2) (C^(1/2) C' C^(1/2))^(1/2) C^(-1/2).

    Of all linear maps to the mean and covariance of the target it moves the colors least.
    """
    mean, covariance = _mean_covariance(source, weights)
    target_mean, target_covariance = _mean_covariance(target, target_weights)
    scale = max(float(np.trace(covariance)), float(np.trace(target_covariance)), 1e-12)
    floor = RELATIVE_VARIANCE_FLOOR * scale
    mapping = compute_linear_map(covariance + floor * np.eye(3), target_covariance + floor * np.eye(3))
    return (source - mean) @ mapping.T + target_mean


def compute_linear_map(covariance: Rows, target_covariance: Rows) -> Rows:
    """Return A (k, k), the optimal transport between two normal distributions of mean 0; covariances are invertible."""
    root = _matrix_power(covariance, 0.5)
    inverse = np.linalg.inv(root)
    mapping: Rows = inverse @ _matrix_power(root @ target_covariance @ root, 0.5) @ inverse
    return mapping


def _mean_covariance(rows: Rows, weights: Rows) -> tuple[Rows, Rows]:
    """Return the weighted mean (3,) and covariance (3, 3)."""
    mean = np.average(rows, axis=0, weights=weights)
    return mean, (rows - mean).T @ ((rows - mean) * weights[:, None]) / weights.sum()


def _matrix_power(matrix: Rows, exponent: float) -> Rows:
    """Return a power of a symmetric positive semidefinite matrix."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    power: Rows = (vectors * np.clip(values, 0, None) ** exponent) @ vectors.T
    return power


def _map_histograms(source: Rows, target: Rows, weights: Rows, target_weights: Rows) -> Rows:
    """Map each channel of (n, 3) by a monotonic function that gives it the target's distribution."""
    result = np.empty_like(source)
    is_measured = weights > 0
    for channel in range(3):
        order = np.argsort(source[is_measured, channel], kind="stable")
        values, sorted_weights = source[is_measured, channel][order], weights[is_measured][order]
        # The quantile of each value; equal values get their middle, so that they stay equal.
        distinct, first = np.unique(values, return_index=True)
        cumulative = np.concatenate([[0.0], np.cumsum(sorted_weights)])
        ends = np.append(first[1:], len(values))
        quantiles = (cumulative[first] + cumulative[ends]) / 2 / cumulative[-1]
        order = np.argsort(target[:, channel], kind="stable")
        target_values, target_cumulative = target[order, channel], np.cumsum(target_weights[order])
        target_quantiles = (target_cumulative - target_weights[order] / 2) / target_cumulative[-1]
        source_quantiles = np.interp(source[:, channel], distinct, quantiles)
        result[:, channel] = np.interp(source_quantiles, target_quantiles, target_values)
    return result


Rows = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def to_space(pixels: Tensor, space: Space) -> Rows:
    """Return pixels as rows (H·W, 3) in a color space, float64."""
    from kornia.color import rgb_to_lab, rgb_to_linear_rgb  # slow to import, and rarely needed

    values = pixels.double()
    converted = rgb_to_linear_rgb(values) if space == "linear-rgb" else rgb_to_lab(values)
    rows: Rows = converted[0].flatten(1).T.numpy()
    return rows


def from_space(rows: Rows, space: Space, like: Tensor) -> Tensor:
    """Return rows of a color space as sRGB pixels in 0..1, with the shape and type of `like`."""
    from kornia.color import lab_to_rgb, linear_rgb_to_rgb

    planes = torch.from_numpy(np.ascontiguousarray(rows.T)).view(like.shape)
    converted: Tensor = linear_rgb_to_rgb(planes.clamp(0, 1)) if space == "linear-rgb" else lab_to_rgb(planes)
    return converted.clamp(0, 1).to(like.dtype)
