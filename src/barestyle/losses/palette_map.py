"""Move colors onto a palette, so that objects stay whole and the palette's colors are used."""

from __future__ import annotations

import numpy as np

from barestyle.images.color_transfer import Rows, compute_linear_map, map_linearly
from barestyle.losses.axis_profile import compute_profile
from barestyle.losses.color_transport import transport_colors

TRANSPORT_SHARE = 0.6
"""How far optimal transport moves colors from where the two smooth maps move them, if it agrees with these.

It uses every color of the palette in its proportion, but tears objects apart: red lips become half yellow, half blue.
"""

DISAGREEMENT = 1.0
"""Distance between transport and the smooth maps at which the share of transport is half."""

RANK_SHARE = 0.8
"""Share of the map of lightness that gives it the palette's distribution; the rest is linear."""

CHROMA_VARIANCE_FLOOR = 0.1
"""Added to the variance of chroma, whose unit is the deviation: a gray image's chroma is noise, and must stay small."""

UNBOUNDED_SHARE = 0.98
"""Share of the palette that is weaker than any color that is bounded."""

POOLED_SHARE = 0.2
"""Share of the covariance at all lightnesses: of a palette of few colors, there may be one at a lightness."""

STRETCHES = 2
"""How many times chroma is stretched; on photographs, the second adds a hundredth to the deviation."""

LARGEST_STRETCH = 1.25
"""Largest factor: the one colored object of a gray photograph has nearly all of its deviation."""


def move_onto_palette(colors: Rows, weights: Rows, palette: Rows, palette_weights: Rows) -> Rows:
    """Return colors (n, 3) moved onto a palette (m, 3); the columns are lightness and two axes of chroma.

    Each set has a mean of about 0 and a deviation of about 1 along each axis. Each color counts with its weight >= 0,
    from (n,) and (m,); every color is moved, also one of weight 0. First comes the mean of two smooth maps:
    `map_by_lightness`, and the linear map that moves colors least (Pitié & Kokaram 2007, doi:10.1049/cp:20070055). From
    there, colors move towards optimal transport, but little where that is far. At the end they are bounded
    (`ChromaBound`). Equal colors stay equal, and nearly equal ones nearly so.
    """
    linear = map_linearly(colors, palette, weights, palette_weights)
    smooth = (linear + map_by_lightness(colors, weights, palette, palette_weights)) / 2
    beyond = transport_colors(colors, weights, palette, palette_weights) - smooth
    agreement = 1 / (1 + (beyond**2).sum(axis=1, keepdims=True) / DISAGREEMENT**2)
    moved: Rows = smooth + TRANSPORT_SHARE * agreement * beyond
    return ChromaBound(palette, palette_weights).apply_and_stretch(moved, weights)


class ChromaBound:
    """A bound on chroma: no color is much stronger than the palette's of the same rank (ours).

    The strength of a color is the Mahalanobis distance of its chroma from the palette's mean at its lightness, under
    the palette's covariance there, of which POOLED_SHARE is that at all lightnesses. Without the bound, the one colored
    object of a gray photograph, such as a face, gets colors far beyond the palette, and stains, because the regression
    of features on color extrapolates there; and a dark face gets the yellow of a moon.

    `palette` is (m, 3), and its weights (m,) are >= 0.
    """

    def __init__(self, palette: Rows, weights: Rows) -> None:
        self._means = compute_profile(palette[:, 0], weights, palette[:, 1:])
        rest = palette[:, 1:] - self._means.interpolate_means(palette[:, 0])
        products = np.stack((rest[:, 0] ** 2, rest[:, 0] * rest[:, 1], rest[:, 1] ** 2), axis=1)
        self._pooled = np.average(products, axis=0, weights=weights)
        self._products = compute_profile(palette[:, 0], weights, products)
        self._profile = compute_profile(self._measure_strengths(palette[:, 0], rest), weights)
        self._smallest = np.interp(UNBOUNDED_SHARE, self._profile.shares, self._profile.places)

    def apply(self, colors: Rows, weights: Rows) -> Rows:
        """Return colors (n, 3) of the same lightness with bounded chroma; weights are (n,), >= 0.

        A color that is stronger than both UNBOUNDED_SHARE of the palette and the palette's color of the same rank
        comes nearer to the palette's mean at its lightness; others do not change.
        """
        means = self._means.interpolate_means(colors[:, 0])
        rest = colors[:, 1:] - means
        strengths = self._measure_strengths(colors[:, 0], rest)
        bounds = compute_profile(strengths, weights).match_to(self._profile, strengths)
        factors = np.minimum(1.0, np.maximum(bounds, self._smallest) / np.maximum(strengths, 1e-12))
        return np.concatenate((colors[:, :1], means + factors[:, None] * rest), axis=1)

    def apply_and_stretch(self, colors: Rows, weights: Rows) -> Rows:
        """Return colors with bounded chroma whose deviation is nearly what it was: weaker colors get what others lose.

        They are stretched about gray, by at most LARGEST_STRETCH, and stay within the bound.
        """
        deviation, factor = _measure_deviation(colors[:, 1:], weights), 1.0
        bounded = self.apply(colors, weights)
        for _ in range(STRETCHES):
            ratio = deviation / max(_measure_deviation(bounded[:, 1:], weights), 1e-12)
            factor = min(factor * max(ratio, 1.0), LARGEST_STRETCH)
            bounded = self.apply(colors * (1, factor, factor), weights)
        return bounded

    def _measure_strengths(self, lightness: Rows, rest: Rows) -> Rows:
        """Return the strengths (n,) of colors of a lightness (n,) and chroma beyond the mean there, (n, 2)."""
        local = self._products.interpolate_means(lightness)
        a2, ab, b2 = (
            (1 - POOLED_SHARE) * local + POOLED_SHARE * self._pooled + (CHROMA_VARIANCE_FLOOR, 0, CHROMA_VARIANCE_FLOOR)
        ).T
        a, b = rest.T
        strengths: Rows = np.sqrt(np.maximum(b2 * a * a - 2 * ab * a * b + a2 * b * b, 0) / (a2 * b2 - ab * ab))
        return strengths


def _measure_deviation(chroma: Rows, weights: Rows) -> float:
    mean = np.average(chroma, axis=0, weights=weights)
    return float(np.sqrt(np.average(((chroma - mean) ** 2).sum(axis=1), weights=weights)))


def map_by_lightness(colors: Rows, weights: Rows, palette: Rows, palette_weights: Rows) -> Rows:
    """Return colors (n, 3) moved onto a palette (m, 3), as in `move_onto_palette`.

    Lightness is mapped by an increasing function. The chroma becomes the palette's mean chroma at the new lightness,
    plus what the color's own chroma had beyond the mean at its lightness, mapped linearly.
    """
    own = compute_profile(colors[:, 0], weights, colors[:, 1:])
    other = compute_profile(palette[:, 0], palette_weights, palette[:, 1:])
    ranked = own.match_to(other, colors[:, 0])
    # Never stretched: the lightness of a flat image is noise.
    factor = min(1.0, other.deviation / max(own.deviation, 1e-9))
    linear = other.mean + factor * (colors[:, 0] - own.mean)
    lightness = RANK_SHARE * ranked + (1 - RANK_SHARE) * linear
    rest = colors[:, 1:] - own.interpolate_means(colors[:, 0])
    palette_rest = palette[:, 1:] - other.interpolate_means(palette[:, 0])
    chroma = other.interpolate_means(lightness) + _map_rest(rest, weights, palette_rest, palette_weights)
    return np.concatenate((lightness[:, None], chroma), axis=1)


def _map_rest(rest: Rows, weights: Rows, palette_rest: Rows, palette_weights: Rows) -> Rows:
    """Return chroma (n, 2) of mean 0 mapped linearly to the covariance of the palette's, (m, 2)."""
    covariance, target = (
        rows.T @ (rows * shares[:, None]) / shares.sum()
        for rows, shares in ((rest, weights), (palette_rest, palette_weights))
    )
    # In proportion, so that a palette of one color stays one, and a palette of its own changes nothing.
    ratio = min(1.0, float(np.trace(target)) / max(float(np.trace(covariance)), 1e-12))
    floor = CHROMA_VARIANCE_FLOOR * np.eye(2)
    mapped: Rows = rest @ compute_linear_map(covariance + floor, target + ratio * floor).T
    return mapped
