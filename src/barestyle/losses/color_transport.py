"""Move colors onto a palette: optimal transport of one weighted set of colors to another, by projections."""

from __future__ import annotations

import numpy as np

Colors = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

ROTATIONS = 12
"""Random rotations of color space; later ones change almost nothing."""

QUANTILES = np.linspace(0, 1, 257)
"""Where distributions along an axis are compared."""


def transport_colors(colors: Colors, weights: Colors, palette: Colors, palette_weights: Colors) -> Colors:
    """Return colors (n, 3) moved so that their distribution becomes the palette's, (m, 3).

    Each color counts with its weight >= 0, from (n,) and (m,); every color is moved, also one of weight 0. In each of a
    fixed sequence of random bases, every coordinate is mapped by the monotonic function that gives it the palette's
    distribution (Pitié, Kokaram & Dahyot 2007, doi:10.1016/j.cviu.2006.11.011).
    """
    generator = np.random.default_rng(0)
    moved = colors.copy()
    for _ in range(ROTATIONS):
        basis, _ = np.linalg.qr(generator.standard_normal((3, 3)))
        source, target = moved @ basis, palette @ basis
        for axis in range(3):
            before = _compute_quantiles(source[:, axis], weights)
            after = _compute_quantiles(target[:, axis], palette_weights)
            source[:, axis] = np.interp(source[:, axis], before, after)
        moved = source @ basis.T
    return moved


def _compute_quantiles(values: Colors, weights: Colors) -> Colors:
    """Return the weighted quantiles of values (n,) at QUANTILES."""
    # Equal colors are one of their common weight; the rotation has rounded them differently.
    distinct, places = np.unique(values.round(9), return_inverse=True)
    heights = np.bincount(places, weights)
    cumulative = np.cumsum(heights)
    return np.interp(QUANTILES, (cumulative - heights / 2) / cumulative[-1], distinct)
