"""Strong colors of a palette, such as the yellow of a moon in a blue night (ours).

Most palettes have none. Where there are few, the style's features depend on color more steeply than elsewhere, and vary
more: a linear regression on color alone would take both for chance, and paint such a color anywhere.

Colors are lightness and two axes of chroma, (n, 3), with a mean of 0 and a deviation of 1 over the palette.
"""

from __future__ import annotations

import numpy as np

from barestyle.images.color_transfer import Rows

STRONG_CHROMA = 2.0
"""Deviations of chroma beyond which a color is strong. Most palettes have no strong color, none more than half."""

FULL_EXCESS = 0.2
"""Deviations beyond STRONG_CHROMA from which on a color counts as strong in full."""

SMALLEST_STRONG_STD = 0.22
"""Added to the deviation of strong color, so that a palette with almost none of it has small values."""


def measure_strong_colors(colors: Rows, palette: Rows, weights: Rows) -> Rows:
    """Return how far each chroma is beyond STRONG_CHROMA on either side, (n, 2), standardized over a palette.

    The palette's colors, (m, 3), have weights (m,) >= 0.
    """
    strong, target = _measure_excess(colors), _measure_excess(palette)
    used = target[weights > 0]
    mean = np.average(target, axis=0, weights=weights)
    std = np.sqrt(np.average((target - mean) ** 2, axis=0, weights=weights))
    # Stronger colors than the palette's would have features beyond those of the style.
    bounded = strong.clip(used.min(axis=0), used.max(axis=0))
    measured: Rows = (bounded - mean) / (std + SMALLEST_STRONG_STD)
    return measured


def weigh_ordinary_colors(colors: Rows) -> Rows:
    """Return the weight of each color among those that are not strong, (n,): from 0 if strong in full to 1."""
    excess = np.abs(_measure_excess(colors)).max(axis=1)
    weights: Rows = 1 - (excess / FULL_EXCESS).clip(0, 1)
    return weights


def compare_strong_colors(colors: Rows, weights: Rows, palette: Rows, palette_weights: Rows) -> float:
    """Return how much of strong color an image has per pixel, relative to the palette, from 0 to 1.

    It is 1 if the image has as much or more, or if the palette has none.
    """
    own, target = (
        1 - float(np.average(weigh_ordinary_colors(rows), weights=shares))
        for rows, shares in ((colors, weights), (palette, palette_weights))
    )
    return 1.0 if own >= target else own / target


def _measure_excess(colors: Rows) -> Rows:
    """Return the part of each color's chroma beyond STRONG_CHROMA, (n, 2), 0 where it is not strong."""
    chroma = colors[:, 1:]
    excess: Rows = chroma - chroma.clip(-STRONG_CHROMA, STRONG_CHROMA)
    return excess
