"""Move colors onto a palette: optimal transport of one weighted set of colors to another, by projections."""

from __future__ import annotations

import numpy as np

from barestyle.images.color_transfer import Rows
from barestyle.losses.axis_profile import compute_profile

ROTATIONS = 6
"""Random rotations of color space: with twice as many, colors end hardly nearer to the palette, and noise grows."""


def transport_colors(colors: Rows, weights: Rows, palette: Rows, palette_weights: Rows) -> Rows:
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
            own = compute_profile(source[:, axis], weights)
            other = compute_profile(target[:, axis], palette_weights)
            source[:, axis] = own.match_to(other, source[:, axis])
        moved = source @ basis.T
    return moved
