"""How well the edges of an image follow the boundaries that people marked in the photograph.

After Martin, Fowlkes & Malik 2004, doi:10.1109/TPAMI.2004.1273918. This is not among METRICS, as it needs a map of
boundaries: without one, every edge of the photograph's texture would count as a boundary.
"""

from __future__ import annotations

import math

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from barestyle.metrics.structure import luma

Pixels = NDArray[np.float64]

TOLERANCE = 0.0075
"""Largest distance of an edge from its boundary, as a fraction of the diagonal (Martin et al. 2004, section 3)."""

SIGMA_FRACTION = 1 / 250
"""Standard deviation of the Gaussian, as a fraction of the long side: 2 pixels of 500, and at least MIN_SIGMA."""

MIN_SIGMA = 1.0
"""Pixels; the derivative of a narrower Gaussian is not sampled well."""

LEAST_STEP = 0.5 / 255
"""Height of the lowest step in lightness that is an edge; lower steps vanish in 8 bits."""


def boundary_f_measure(image: Tensor, boundaries: Tensor) -> float:
    """Return the F-measure of the edges of an image against a map of boundaries, from 0 to 1, at its best threshold.

    Args:
        image: (1, 3, H, W) in 0..1, sRGB.
        boundaries: (h, w) in 0..1, the share of annotators who marked a pixel; resized to the image by maxima.

    Precision is the share of edge pixels that have a boundary within TOLERANCE, recall the share of boundary pixels,
    weighted by their annotators, that have an edge within TOLERANCE; at least one pixel. 0 without edges. Raises
    ValueError if the map is empty.

    Deviation: Martin et al. match edge and boundary pixels one to one, here several edge pixels may match the same
    boundary pixel. An image full of edges thus gets more than by one-to-one matching: compare images of one photograph.
    """
    height, width = image.shape[-2:]
    weights = F.adaptive_max_pool2d(boundaries[None].double(), (height, width))[0].numpy()
    if not weights.any():
        raise ValueError("the map of boundaries is empty; choose a photograph with boundaries")
    tolerance = max(TOLERANCE * math.hypot(height, width), 1.0)
    strength = detect_edges(luma(image)[0, 0].double().numpy())
    is_near = ndimage.distance_transform_edt(weights == 0) <= tolerance
    return _best_f_measure(strength, is_near, weights, tolerance)


def detect_edges(lightness: Pixels) -> Pixels:
    """Return the strength of each edge pixel of (H, W), and 0 elsewhere.

    The gradient by derivatives of a Gaussian, where it is a maximum along its own direction (Canny 1986,
    doi:10.1109/TPAMI.1986.4767851).
    """
    sigma = max(SIGMA_FRACTION * max(lightness.shape), MIN_SIGMA)
    rows, columns = (ndimage.gaussian_filter(lightness, sigma, order=order) for order in ((1, 0), (0, 1)))
    magnitude = np.hypot(rows, columns)
    length = np.where(magnitude > 0, magnitude, 1)
    grid = np.indices(lightness.shape).astype(float)
    step = np.stack((rows / length, columns / length))
    before, after = (
        ndimage.map_coordinates(magnitude, grid + sign * step, order=1, mode="nearest") for sign in (-1, 1)
    )
    # A step between two pixels has two equal maxima, of which the first is chosen.
    is_maximum = (magnitude > before) & (magnitude >= after)
    # The gradient of a step of height h, blurred by sigma, is h / (sigma √(2π)) on the edge.
    least = LEAST_STEP / (sigma * math.sqrt(2 * math.pi))
    edges: Pixels = np.where(is_maximum & (magnitude >= least), magnitude, 0.0)
    return edges


def _best_f_measure(strength: Pixels, is_near: NDArray[np.bool_], weights: Pixels, tolerance: float) -> float:
    """Return the largest F-measure over all thresholds of the edges' strength.

    A boundary pixel is recalled at the thresholds up to the strongest edge within the tolerance, so one maximum filter
    replaces a distance transform for each threshold.
    """
    is_edge = strength > 0
    if not is_edge.any():
        return 0.0
    order = np.argsort(-strength[is_edge], kind="stable")
    thresholds = strength[is_edge][order]
    precision = np.cumsum(is_near[is_edge][order]) / np.arange(1, len(order) + 1)

    radius = math.floor(tolerance)
    offsets = np.arange(-radius, radius + 1)
    disk = np.hypot(*np.meshgrid(offsets, offsets)) <= tolerance
    is_boundary = weights > 0
    strongest = ndimage.maximum_filter(strength, footprint=disk, mode="constant")[is_boundary]
    rank = np.argsort(-strongest, kind="stable")
    recalled = np.concatenate(([0.0], np.cumsum(weights[is_boundary][rank])))
    count = np.searchsorted(-strongest[rank], -thresholds, side="right")
    recall = recalled[count] / recalled[-1]

    total = precision + recall
    f_measure = 2 * precision * recall / np.where(total > 0, total, 1)
    # Pixels of equal strength are detected together, so only the last of them is a threshold.
    is_last = np.append(thresholds[1:] < thresholds[:-1], True)
    return float(f_measure[is_last].max())
