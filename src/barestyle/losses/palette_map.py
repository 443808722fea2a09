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

UNBOUNDED_SHARE = 0.9
"""Share of the palette that is weaker than any color that is bounded."""


def move_onto_palette(colors: Rows, weights: Rows, palette: Rows, palette_weights: Rows) -> Rows:
    """Return colors (n, 3) moved onto a palette (m, 3); the columns are lightness and two axes of chroma.

    Each set has a mean of about 0 and a deviation of about 1 along each axis. Each color counts with its weight >= 0,
    from (n,) and (m,); every color is moved, also one of weight 0. First comes the mean of two smooth maps:
    `map_by_lightness`, and the linear map that moves colors least (Pitié & Kokaram 2007, doi:10.1049/cp:20070055). From
    there, colors move towards optimal transport, but little where that is far. Then `bound_chroma` bounds them. Equal
    colors stay equal, and nearly equal ones nearly so.
    """
    linear = map_linearly(colors, palette, weights, palette_weights)
    smooth = (linear + map_by_lightness(colors, weights, palette, palette_weights)) / 2
    beyond = transport_colors(colors, weights, palette, palette_weights) - smooth
    agreement = 1 / (1 + (beyond**2).sum(axis=1, keepdims=True) / DISAGREEMENT**2)
    moved: Rows = smooth + TRANSPORT_SHARE * agreement * beyond
    chroma = bound_chroma(moved[:, 1:], weights, palette[:, 1:], palette_weights)
    return np.concatenate((moved[:, :1], chroma), axis=1)


def bound_chroma(chroma: Rows, weights: Rows, palette: Rows, palette_weights: Rows) -> Rows:
    """Return chroma (n, 2) in the same hues, none stronger than the palette's (m, 2) of the same rank (ours).

    Weights (n,) and (m,) are >= 0. The strength of a color is its Mahalanobis distance from gray, that is, from 0,
    under the palette's covariance; colors that are weaker than UNBOUNDED_SHARE of the palette do not change. Without
    the bound, the one colored object of a gray photograph, such as a face, gets colors far beyond the palette, and
    stains, because the regression of features on color extrapolates there.
    """
    covariance = palette.T @ (palette * palette_weights[:, None]) / palette_weights.sum()
    metric = np.linalg.inv(covariance + CHROMA_VARIANCE_FLOOR * np.eye(2))
    strengths, target = (np.sqrt(((rows @ metric) * rows).sum(axis=1)) for rows in (chroma, palette))
    profile = compute_profile(target, palette_weights)
    bound = compute_profile(strengths, weights).match_to(profile, strengths)
    bound = np.maximum(bound, np.interp(UNBOUNDED_SHARE, profile.shares, profile.places))
    factors = np.minimum(1.0, bound / np.maximum(strengths, 1e-12))
    bounded: Rows = chroma * factors[:, None]
    return bounded


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
