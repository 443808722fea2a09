"""Profiles of weighted values along an axis: their smoothed distribution, and what else they have at each place."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from barestyle.images.color_transfer import Rows

BINS = 512
"""Bins along the axis."""

SMOOTHING = 0.3
"""Deviation of the Gaussian that smooths a profile, relative to the values' own.

Otherwise the colors of a flat area, which differ by noise, would be moved to all colors between its neighbors'.
"""

PRIOR = 1e-3
"""Share of the overall mean in the mean at a place, against one value of all the weight at that place.

It is all there is where there are no values.
"""


class AxisProfile(NamedTuple):
    """The profile of a set of values along an axis.

    `mean` and `deviation` are the values' own, `places` (BINS,) are at equal distances along the axis, `shares` (BINS,)
    the share of the weights below each, increasing from 0 to 1, and `means` (BINS, k) the mean near each of k other
    quantities.
    """

    mean: float
    deviation: float
    places: Rows
    shares: Rows
    means: Rows

    def interpolate_means(self, values: Rows) -> Rows:
        """Return the means (n, k) at values (n,)."""
        left, right_share = self._locate(values)
        means: Rows = self.means[left] + right_share[:, None] * (self.means[left + 1] - self.means[left])
        return means

    def match_to(self, target: AxisProfile, values: Rows) -> Rows:
        """Return values (n,) mapped by the increasing function from this distribution to the target's."""
        # Looked up at the places only, and linear between them; to look up every value would take longer.
        mapped = np.interp(self.shares, target.shares, target.places)
        left, right_share = self._locate(values)
        matched: Rows = mapped[left] + right_share * (mapped[left + 1] - mapped[left])
        return matched

    def _locate(self, values: Rows) -> tuple[NDArray[np.intp], Rows]:
        """Return the index of the place before each value, and the value's position from it to the next, 0..1, (n,)."""
        positions = (values - self.places[0]) * ((BINS - 1) / (self.places[-1] - self.places[0]))
        positions.clip(0, BINS - 1, out=positions)
        left = np.minimum(positions.astype(np.intp), BINS - 2)
        return left, positions - left


def compute_profile(values: Rows, weights: Rows, others: Rows | None = None) -> AxisProfile:
    """Return the profile of values (n,) with weights (n,) >= 0, and of other quantities (n, k) that go with them."""
    total = float(weights.sum())
    mean = float(weights @ values) / total
    deviation = float(np.sqrt(weights @ (values - mean) ** 2 / total))
    sigma = SMOOTHING * deviation
    margin = 4 * sigma + 1e-9
    places = np.linspace(values.min() - margin, values.max() + margin, BINS)
    width = places[1] - places[0]
    reach = int(4 * sigma / width)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * width / max(sigma, 1e-12)) ** 2)
    scale = kernel.sum()
    positions = (values - places[0]) / width
    heights = _bin_smoothly(positions, weights / total, kernel / scale)
    prior = PRIOR / scale
    columns = [] if others is None else list(others.T)
    means = np.empty((BINS, len(columns)))
    for index, column in enumerate(columns):
        sums = _bin_smoothly(positions, weights * column / total, kernel / scale)
        means[:, index] = (sums + prior * (weights @ column) / total) / (heights + prior)
    # A little everywhere keeps the shares increasing where there are no values.
    heights = heights / heights.sum() + 1e-9
    shares = (np.cumsum(heights) - heights / 2) / heights.sum()
    return AxisProfile(mean, deviation, places, shares, means)


def _bin_smoothly(positions: Rows, amounts: Rows, kernel: Rows) -> Rows:
    """Return sums of amounts (n,) in BINS bins, convolved with a kernel of odd length.

    Each amount is shared between the two bins beside its position, so that the sums are continuous in the positions.
    """
    left = positions.astype(int)
    right_share = (positions - left) * amounts
    sums = np.bincount(left, amounts - right_share, BINS) + np.bincount(left + 1, right_share, BINS)
    return np.convolve(sums, kernel, mode="same")
