"""Move colors onto a palette, so that objects stay whole and the palette's colors are used."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from barestyle.images.color_transfer import compute_linear_map, map_linearly
from barestyle.losses.color_transport import Colors, transport_colors

BINS = 256
"""Bins of the lightness."""

SMOOTHING = 0.3
"""Deviation of the Gaussian that smooths functions of the lightness, relative to the lightness' own.

Otherwise the colors of a flat area, which differ by noise, would be moved to all colors between its neighbors'.
"""

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


class Profile(NamedTuple):
    """What a set of colors has along the axis of lightness.

    `mean` and `deviation` are the lightness' own, `places` (BINS,) are lightnesses, `shares` (BINS,) the share of the
    weights below each, increasing, and `chroma` (BINS, 2) the mean chroma near each.
    """

    mean: float
    deviation: float
    places: Colors
    shares: Colors
    chroma: Colors

    def compute_chroma(self, lightness: Colors) -> Colors:
        """Return the mean chroma (n, 2) at lightnesses (n,)."""
        return np.stack([np.interp(lightness, self.places, axis) for axis in self.chroma.T], axis=1)


def move_onto_palette(colors: Colors, weights: Colors, palette: Colors, palette_weights: Colors) -> Colors:
    """Return colors (n, 3) moved onto a palette (m, 3); the columns are lightness and two axes of chroma.

    Each set has a mean of about 0 and a deviation of about 1 along each axis. Each color counts with its weight >= 0,
    from (n,) and (m,); every color is moved, also one of weight 0. First comes the mean of two smooth maps:
    `map_by_lightness`, and the linear map that moves colors least (Pitié & Kokaram 2007, doi:10.1049/cp:20070055). From
    there, colors move towards optimal transport, but little where that is far. Equal colors stay equal, and nearly
    equal ones nearly so.
    """
    linear = map_linearly(colors, palette, weights, palette_weights)
    smooth = (linear + map_by_lightness(colors, weights, palette, palette_weights)) / 2
    beyond = transport_colors(colors, weights, palette, palette_weights) - smooth
    agreement = 1 / (1 + (beyond**2).sum(axis=1, keepdims=True) / DISAGREEMENT**2)
    moved: Colors = smooth + TRANSPORT_SHARE * agreement * beyond
    return moved


def map_by_lightness(colors: Colors, weights: Colors, palette: Colors, palette_weights: Colors) -> Colors:
    """Return colors (n, 3) moved onto a palette (m, 3), as in `move_onto_palette`.

    Lightness is mapped by an increasing function. The chroma becomes the palette's mean chroma at the new lightness,
    plus what the color's own chroma had beyond the mean at its lightness, mapped linearly.
    """
    own, other = compute_profile(colors, weights), compute_profile(palette, palette_weights)
    quantiles = np.interp(colors[:, 0], own.places, own.shares)
    ranked = np.interp(quantiles, other.shares, other.places)
    # Never stretched: the lightness of a flat image is noise.
    linear = other.mean + min(1.0, other.deviation / own.deviation) * (colors[:, 0] - own.mean)
    lightness = RANK_SHARE * ranked + (1 - RANK_SHARE) * linear
    rest = colors[:, 1:] - own.compute_chroma(colors[:, 0])
    palette_rest = palette[:, 1:] - other.compute_chroma(palette[:, 0])
    chroma = other.compute_chroma(lightness) + _map_rest(rest, weights, palette_rest, palette_weights)
    return np.concatenate((lightness[:, None], chroma), axis=1)


def _map_rest(rest: Colors, weights: Colors, palette_rest: Colors, palette_weights: Colors) -> Colors:
    """Return chroma (n, 2) of mean 0 mapped linearly to the covariance of the palette's, (m, 2)."""
    covariance, target = (
        rows.T @ (rows * shares[:, None]) / shares.sum()
        for rows, shares in ((rest, weights), (palette_rest, palette_weights))
    )
    # In proportion, so that a palette of one color stays one, and a palette of its own changes nothing.
    ratio = min(1.0, float(np.trace(target)) / max(float(np.trace(covariance)), 1e-12))
    floor = CHROMA_VARIANCE_FLOOR * np.eye(2)
    mapped: Colors = rest @ compute_linear_map(covariance + floor, target + ratio * floor).T
    return mapped


def compute_profile(colors: Colors, weights: Colors) -> Profile:
    """Return the smoothed profile of colors (n, 3) that count with weights (n,)."""
    lightness = colors[:, 0]
    mean = np.average(colors, axis=0, weights=weights)
    deviation = float(np.sqrt(np.average((lightness - mean[0]) ** 2, weights=weights))) + 1e-9
    reach = 4 * SMOOTHING * deviation
    places = np.linspace(lightness.min() - reach, lightness.max() + reach, BINS)
    amounts = np.concatenate((np.ones((len(colors), 1)), colors[:, 1:]), axis=1) * weights[:, None]
    binned = _bin_linearly((lightness - places[0]) / (places[1] - places[0]), amounts)
    kernel = np.exp(-0.5 * ((places[:, None] - places) / (SMOOTHING * deviation)) ** 2)
    sums = kernel @ binned / weights.sum()
    # A little everywhere keeps the shares increasing, and the chroma defined, where there are no colors.
    heights = sums[:, 0] + 1e-9
    prior = 1e-3
    chroma = (sums[:, 1:] + prior * mean[1:]) / (sums[:, :1] + prior)
    shares = (np.cumsum(heights) - heights / 2) / heights.sum()
    return Profile(float(mean[0]), deviation, places, shares, chroma)


def _bin_linearly(positions: Colors, amounts: Colors) -> Colors:
    """Return sums of amounts (n, k) in BINS bins; each is shared between the two bins beside its position.

    So the sums are continuous in the positions.
    """
    left = np.minimum(positions.astype(int), BINS - 2)
    right_share = (positions - left)[:, None] * amounts
    columns = zip((amounts - right_share).T, right_share.T, strict=True)
    return np.stack([np.bincount(left, a, BINS) + np.bincount(left + 1, b, BINS) for a, b in columns], axis=1)
