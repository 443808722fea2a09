"""Verdicts on claims about accuracies, by the rule of the studies; the unit is the seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from barestyle.probe.declaration import ProbeClaim, Reading
from barestyle.probe.measure import Accuracy
from barestyle.study.regions import claim_region, p_inside, p_outside
from barestyle.study.statistics import LEVEL, FloatArray, benjamini_hochberg, mean_interval

MARGIN = 0.02
"""Differences of accuracy up to two percent of all images count as none."""

MIN_SEEDS = 3


@dataclass(frozen=True)
class ProbeVerdict:
    """The verdict on a claim: supported, contradicted, undecided or untested.

    Attributes:
        claim: the claim.
        word: the verdict.
        effect, low, high: mean difference of accuracy between subject and reference, and its 95 % interval; positive
            if the subject is better. NaN if untested.
        p: adjusted for the number of claims, of the claim or of its opposite.
        number: of seeds.
    """

    claim: ProbeClaim
    word: str
    effect: float
    low: float
    high: float
    p: float
    number: int


def judge_probes(claims: Sequence[ProbeClaim], accuracies: Sequence[Accuracy]) -> list[ProbeVerdict]:
    """Return a verdict on every claim, with Benjamini and Hochberg's correction for their number."""
    differences = [compute_differences(claim, accuracies) for claim in claims]
    ps = [
        _p_values(claim, values) if is_testable(values) else (1.0, 1.0)
        for claim, values in zip(claims, differences, strict=True)
    ]
    adjusted = benjamini_hochberg([min(1.0, 2 * min(each)) for each in ps])
    return [
        _conclude(claim, values, each, p)
        for claim, values, each, p in zip(claims, differences, ps, adjusted, strict=True)
    ]


def is_testable(values: FloatArray) -> bool:
    """Return whether there are enough seeds that differ.

    All seeds give the same number where the network is not random and the training images are all there are.
    """
    return len(values) >= MIN_SEEDS and float(np.ptp(values)) > 0


def compute_differences(claim: ProbeClaim, accuracies: Sequence[Accuracy]) -> FloatArray:
    """Return the accuracy of the subject minus that of the reference, for every seed that has both."""
    subject, reference = (
        [read_accuracies(reading, accuracies) for reading in side] for side in (claim.subject, claim.reference)
    )
    seeds = set.intersection(*(set(each) for each in (*subject, *reference)))
    return np.array(
        [fmean(each[seed] for each in subject) - fmean(each[seed] for each in reference) for seed in sorted(seeds)]
    )


def read_accuracies(reading: Reading, accuracies: Sequence[Accuracy]) -> dict[int, float]:
    """Return the accuracies of PROBE/KIND/LAYER by seed, with the most training images that it was measured with.

    "best" is the layer with the best mean accuracy of validation images, "all" the features of all layers together.
    """
    probe, kind, layer = reading.split("/")
    found = [each for each in accuracies if (each.probe, each.kind) == (probe, kind)]
    found = [each for each in found if each.number == max(each.number for each in found)]
    chosen: int | None = 0 if layer == "all" else None if layer == "best" else int(layer)
    if layer == "best":
        chosen = choose_layer([each for each in found if each.layer])
    return {each.seed: each.accuracy for each in found if each.layer == chosen}


def choose_layer(accuracies: Sequence[Accuracy]) -> int | None:
    """Return the layer with the best mean accuracy of validation images, the first of equal ones; None without any."""
    by_layer: dict[int, list[float]] = {}
    for each in accuracies:
        by_layer.setdefault(each.layer, []).append(-1.0 if math.isnan(each.validation) else each.validation)
    return max(sorted(by_layer), key=lambda layer: fmean(by_layer[layer]), default=None)


def _p_values(claim: ProbeClaim, values: FloatArray) -> tuple[float, float]:
    region = claim_region(claim.kind, MARGIN)
    worse = -values  # regions are of effects for which lower is better
    return float(p_inside(worse, region)), float(p_outside(worse, region))


def _conclude(claim: ProbeClaim, values: FloatArray, ps: tuple[float, float], p: float) -> ProbeVerdict:
    if not is_testable(values):
        return ProbeVerdict(claim, "untested", float("nan"), float("nan"), float("nan"), 1.0, len(values))
    word = "undecided" if p > LEVEL else "supported" if ps[0] < ps[1] else "contradicted"
    low, high = mean_interval(values)
    return ProbeVerdict(claim, word, float(values.mean()), low, high, p, len(values))
