"""Comparing arms at equal distance from the content."""

from __future__ import annotations

from math import sqrt

import pytest
from benchmarks.arms import STRENGTHS, build_specs, count_seeds
from benchmarks.comparison import Cell, Outcome, compare_arms, compare_with_arm, interpolate
from benchmarks.pairs import Pair

CURVE = [{"ssim": 0.2, "patches": 0.01}, {"ssim": 0.4, "patches": 0.04}, {"ssim": 0.8, "patches": 0.09}]
PAIRS = [Pair("coffee", "swirls"), Pair("rocket", "mosaic")]


def test_distances_between_points_are_geometric_means() -> None:
    assert interpolate(CURVE, "patches", 0.4) == pytest.approx((0.04, 0.4))
    assert interpolate(CURVE, "patches", 0.3) == pytest.approx((sqrt(0.01 * 0.04), 0.3))
    assert interpolate(CURVE[::-1], "patches", 0.6) == pytest.approx((0.06, 0.6))


def test_beyond_the_ends_the_closest_point_is_returned() -> None:
    assert interpolate(CURVE, "patches", 0.1) == (0.01, 0.2)
    assert interpolate(CURVE, "patches", 0.95) == (0.09, 0.8)


def test_at_a_distance_a_power_law_is_interpolated_exactly() -> None:
    """With patches = 0.1 / content² every straight line between logarithms is on the curve."""
    curve = [{"vgg-content": content, "patches": 0.1 / content**2} for content in (0.25, 0.5, 2.0)]
    for target in (0.25, 0.3, 0.5, 1.1, 2.0):
        found = interpolate(curve, "patches", target, "vgg-content")
        assert found == pytest.approx((0.1 / target**2, target))
    assert interpolate(curve, "patches", 3.0, "vgg-content") == pytest.approx((0.025, 2.0))


def make_outcomes() -> dict[str, Outcome]:
    """Outcomes of bare and npnd; only those of coffee have a score of boundaries."""
    outcomes = {}
    for pair in PAIRS:
        for number, arm in enumerate([*(f"bare {strength:g}" for strength in STRENGTHS), "npnd"]):
            scores = {"ssim": 0.7 - 0.1 * number, "vgg-content": 0.5 + 0.1 * number, "patches": 0.5**number}
            if arm == "npnd":
                scores = {"ssim": 0.65, "vgg-content": 0.7, "patches": 0.5}
            if pair.content == "coffee":
                scores["boundaries"] = 0.6
            outcomes[Cell(*pair[:2], arm, 0).key] = Outcome(scores, 100, 1.0, 0, "")
    return outcomes


def test_bare_is_compared_at_the_value_of_the_other_arm() -> None:
    outcomes = make_outcomes()
    at_ssim = compare_with_arm(outcomes, "npnd", "patches", PAIRS, 1).rows[0]
    assert at_ssim["ratio (minimum to maximum over seeds)"].startswith(f"{sqrt(0.5) / 0.5:.2f} ")
    table = compare_with_arm(outcomes, "npnd", "patches", PAIRS, 1, "vgg-content")
    assert table.title == "bare against npnd by patches, at the vgg-content of npnd"
    assert table.rows[1]["ratio (minimum to maximum over seeds)"] == "0.50 (0.50 to 0.50)"


def test_a_score_that_some_pairs_lack_is_that_of_the_others() -> None:
    outcomes = make_outcomes()
    table = compare_arms(outcomes, ["npnd"], PAIRS, 1, ["patches", "boundaries", "vgg-unseen"])
    assert table.columns == ("arm", "patches", "boundaries", "evaluations", "seconds"), "none has vgg-unseen"
    assert table.rows[0]["boundaries"] == "0.6 (0.6 to 0.6)"


def test_arms_whose_networks_ignore_the_seed_have_one() -> None:
    specs = build_specs(None, 64)
    assert "VGG-19" not in specs
    assert {count_seeds(spec, 3) for spec in specs.values()} == {3}
