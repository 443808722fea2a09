"""Move colors onto a palette: optimal transport of one weighted set of colors to another, by projections."""

from __future__ import annotations

import numpy as np

Colors = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

ROTATIONS = 6
"""Random rotations of color space: with twice as many, colors end hardly nearer to the palette, and noise grows."""

BINS = 512
"""Bins of a distribution along an axis."""

SMOOTHING = 0.3
"""Deviation of the Gaussian that smooths a distribution, relative to the distribution's own.

Otherwise the colors of a flat area, which differ by noise, would be moved to all colors between its neighbors'.
"""


def transport_colors(colors: Colors, weights: Colors, palette: Colors, palette_weights: Colors) -> Colors:
    """Return colors (n, 3) moved so that their distribution becomes about the palette's, (m, 3).

    Each color counts with its weight >= 0, from (n,) and (m,); every color is moved, also one of weight 0. In each of a
    fixed sequence of random bases, every coordinate is mapped by the monotonic function that gives it the palette's
    distribution (Pitié, Kokaram & Dahyot 2007, doi:10.1016/j.cviu.2006.11.011). Equal colors stay equal, and nearly
    equal ones nearly so.
    """
    generator = np.random.default_rng(0)
    moved = colors.copy()
    for _ in range(ROTATIONS):
        basis, _ = np.linalg.qr(generator.standard_normal((3, 3)))
        source, target = moved @ basis, palette @ basis
        for axis in range(3):
            places, shares = _compute_distribution(source[:, axis], weights)
            palette_places, palette_shares = _compute_distribution(target[:, axis], palette_weights)
            quantiles = np.interp(source[:, axis], places, shares)
            source[:, axis] = np.interp(quantiles, palette_shares, palette_places)
        moved = source @ basis.T
    return moved


def _compute_distribution(values: Colors, weights: Colors) -> tuple[Colors, Colors]:
    """Return places along an axis, (BINS,), and the share of the weights below each, smoothed and increasing."""
    mean = np.average(values, weights=weights)
    deviation = SMOOTHING * np.sqrt(np.average((values - mean) ** 2, weights=weights))
    margin = 4 * deviation + 1e-9
    places = np.linspace(values.min() - margin, values.max() + margin, BINS)
    width = places[1] - places[0]
    # Each value is shared between the two bins beside it, so that the counts are continuous in the values.
    at = (values - places[0]) / width
    left = at.astype(int)
    right_share = (at - left) * weights
    heights = np.bincount(left, weights - right_share, BINS) + np.bincount(left + 1, right_share, BINS)
    reach = int(4 * deviation / width)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * width / max(deviation, 1e-12)) ** 2)
    heights = np.convolve(heights, kernel / kernel.sum(), mode="same") if reach else heights
    # A little everywhere keeps the function increasing where there are no colors.
    heights = heights / heights.sum() + 1e-9
    return places, (np.cumsum(heights) - heights / 2) / heights.sum()
