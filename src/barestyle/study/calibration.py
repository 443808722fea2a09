"""Calibration of the rule of verdicts on a study's own noise: null effects, and planted ones.

Two seeds of one variant differ by noise alone, so exchanging them changes nothing: with random signs, the differences
between two seeds are as many null studies as one likes. A constant that is added plants a known effect. This noise is
symmetric, and smaller than that of two variants, whose difference also varies from pair to pair.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from barestyle.study.claims import RATIO_MARGIN
from barestyle.study.findings import MIN_PAIRS
from barestyle.study.regions import Region, claim_region, p_inside, p_outside
from barestyle.study.statistics import LEVEL, FloatArray, benjamini_hochberg, spending_weights
from barestyle.study.table import SMALLEST_DISTANCE, Table

STUDIES = 200
"""Simulated studies for each planted effect."""

EFFECTS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)
"""Planted effects, as multiples of the margin of equivalence. At 0 the variants are the same; at 1 the effect is on
the bound of the region, where every verdict is wrong by the narrowest margin."""

KINDS = ("better", "no-better", "equivalent")


@dataclass(frozen=True)
class Rates:
    """What the rule says of one planted effect.

    Attributes:
        effect: the ratio of distances that was planted, at most 1, so that the subject is better.
        right, wrong: shares of right and wrong verdicts among all claims; the rest is undecided.
        false_discoveries: mean share of wrong ones among the verdicts of a study, 0 for a study without verdicts.
    """

    effect: float
    right: float
    wrong: float
    false_discoveries: float


def seed_differences(table: Table) -> list[FloatArray]:
    """Return the log ratio of a style distance between two seeds of a variant, for every pair of images.

    One array for each variant, optimizer and metric of the style that has two seeds on at least MIN_PAIRS pairs, in the
    order of the study's pairs.
    """
    samples = []
    metrics = [name for name, metric in table.metrics.items() if metric["reference"] == "style"]
    # One of the variants that share a spec, that with the most seeds.
    by_digest = {
        spec.digest: (variant, optimizer)
        for (variant, optimizer), spec in sorted(
            table.specs.items(), key=lambda item: len(table.study.seeds_of(item[0][0], item[1]))
        )
    }
    for variant, optimizer in by_digest.values():
        results = table.find_results(variant, optimizer)
        seeds = table.study.seeds_of(variant, table.specs[variant, optimizer])
        if len(seeds) < 2:
            continue
        pairs = [
            (results[pair.content, pair.style, seeds[0]].scores, results[pair.content, pair.style, seeds[1]].scores)
            for pair in table.study.pairs
            if all((pair.content, pair.style, seed) in results for seed in seeds[:2])
        ]
        for metric in metrics:
            scores = [[each[metric] for each in pair] for pair in pairs if all(metric in each for each in pair)]
            values = [[math.log(max(score, SMALLEST_DISTANCE)) for score in each] for each in scores]
            if len(values) >= MIN_PAIRS:
                samples.append(np.subtract(*np.array(values).T))
    return samples


def calibrate(samples: Sequence[FloatArray], looks: Sequence[int]) -> list[Rates]:
    """Return the rates of right and wrong verdicts for every effect of EFFECTS, from differences between two seeds.

    A simulated study has three claims for each sample: that the subject is better, that it is not, and that it is
    equivalent. It is looked at as often as the samples have enough pairs, and its verdicts follow the rule of
    `verdicts.judge`.
    """
    random = np.random.default_rng(0)
    return [_calibrate_effect(samples, -multiple * RATIO_MARGIN, looks, random) for multiple in EFFECTS]


def _calibrate_effect(
    samples: Sequence[FloatArray], effect: float, looks: Sequence[int], random: np.random.Generator
) -> Rates:
    """Return the rates for one planted effect."""
    ps, opposites, truths = [], [], []
    for sample in samples:
        values = sample * random.choice((-1.0, 1.0), (STUDIES, len(sample))) + effect
        for kind in KINDS:
            region = claim_region(kind, RATIO_MARGIN)
            p, p_opposite = _p_values(values, region, looks)
            ps.append(p)
            opposites.append(p_opposite)
            truths.append(region.contains(effect))
    is_true = np.array(truths)
    is_at_bound = math.isclose(abs(effect), RATIO_MARGIN)
    right = wrong = 0
    shares = []
    for study_ps, study_opposites in zip(np.array(ps).T, np.array(opposites).T, strict=True):
        adjusted = benjamini_hochberg(np.minimum(1.0, 2 * np.minimum(study_ps, study_opposites)).tolist())
        is_decided = np.array(adjusted) <= LEVEL
        # At the bound, "inside" and "outside" are both not true, so every verdict is wrong.
        is_wrong = is_decided & (((study_ps < study_opposites) != is_true) | is_at_bound)
        right += int(is_decided.sum() - is_wrong.sum())
        wrong += int(is_wrong.sum())
        shares.append(is_wrong.sum() / max(1, is_decided.sum()))
    claims = STUDIES * len(truths)
    return Rates(math.exp(effect), right / claims, wrong / claims, float(np.mean(shares)))


def _p_values(values: FloatArray, region: Region, looks: Sequence[int]) -> tuple[FloatArray, FloatArray]:
    """Return p of a claim and of its opposite over all looks, by study; see `verdicts.collect_evidence`."""
    number = values.shape[-1]
    p = p_opposite = np.ones(len(values))
    for look, weight in zip(looks, spending_weights(looks), strict=True):
        if look <= number:
            p = np.minimum(p, p_inside(values[:, :look], region) / weight)
            p_opposite = np.minimum(p_opposite, p_outside(values[:, :look], region) / weight)
    return p, p_opposite
