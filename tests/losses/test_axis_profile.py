"""Profiles along an axis, against SciPy's kernel density and weighted sums."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import gaussian_kde

from barestyle.losses.axis_profile import SMOOTHING, compute_profile
from tests.losses.cases import draw_colors


def test_shares_are_those_of_a_kernel_density() -> None:
    values, weights = draw_colors(300, 0)[:, 0], np.random.default_rng(1).uniform(0, 2, 300)
    profile = compute_profile(values, weights)
    deviation = np.sqrt(np.cov(values, aweights=weights))
    density = gaussian_kde(values, SMOOTHING * profile.deviation / deviation, weights)
    some = slice(20, None, 60)
    expected = [density.integrate_box_1d(-np.inf, place) for place in profile.places[some]]
    assert profile.shares[some] == pytest.approx(expected, abs=1e-3)


def test_means_are_local_averages_between_the_values() -> None:
    colors = draw_colors(500, 13)
    profile = compute_profile(colors[:, 0], np.ones(500), colors[:, 1:])
    place = profile.places[200]
    shares = np.exp(-0.5 * ((colors[:, 0] - place) / (SMOOTHING * profile.deviation)) ** 2)
    assert profile.means[200] == pytest.approx(np.average(colors[:, 1:], axis=0, weights=shares), abs=0.02)
    assert np.all(profile.means >= colors[:, 1:].min(0))
    assert np.all(profile.means <= colors[:, 1:].max(0))


def test_matching_gives_the_targets_quantiles() -> None:
    values, target = np.random.default_rng(2).standard_normal(5000), np.random.default_rng(3).exponential(size=5000)
    own, other = (compute_profile(rows, np.ones(5000)) for rows in (values, target))
    assert np.all(np.diff(own.shares) > 0)
    moved = own.match_to(other, np.sort(values))
    assert np.all(np.diff(moved) > 0)
    quantiles = np.array([0.1, 0.3, 0.5, 0.7, 0.9])
    smoothed = np.interp(quantiles, other.shares, other.places)
    assert np.quantile(moved, quantiles) == pytest.approx(smoothed, abs=0.1)


def test_matching_looks_values_up_in_one_profile_and_then_in_the_other() -> None:
    values, target = (draw_colors(4000, seed)[:, 0] for seed in (4, 5))
    own, other = (compute_profile(rows, np.ones(4000)) for rows in (values, target))
    beyond = np.concatenate((values, [-1e3, own.places[0], own.places[-1], 1e3]))
    expected = np.interp(np.interp(beyond, own.places, own.shares), other.shares, other.places)
    assert own.match_to(other, beyond) == pytest.approx(expected, abs=1e-3 * other.deviation)


def test_means_between_two_places_are_interpolated() -> None:
    colors = draw_colors(300, 6)
    profile = compute_profile(colors[:, 0], np.ones(300), colors[:, 1:])
    values = np.concatenate((colors[:, 0], [-1e3, 1e3]))
    expected = np.stack([np.interp(values, profile.places, column) for column in profile.means.T], axis=1)
    assert profile.interpolate_means(values) == pytest.approx(expected, abs=1e-9)
