"""Findings: what a metric shows about a claim, by paired tests that are not yet corrected for their number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from barestyle.study.claims import Claim, equivalence_margin
from barestyle.study.regions import Region, claim_region, p_inside, p_outside
from barestyle.study.statistics import FloatArray, binomial_interval, mean_interval, rate_p_values
from barestyle.study.table import PairName, Table
from barestyle.study.visibility import VISIBILITY, find_visibility, is_judged_by_visibility

MIN_PAIRS = 3
"""Fewest pairs, or runs, that are tested."""

NAMED_OPTIMIZERS = "as named"
"""The optimizer of findings on claims whose variants name their optimizers."""


@dataclass(frozen=True)
class Finding:
    """What one metric shows about a claim with one optimizer, on the first pairs of a study.

    Attributes:
        metric: the metric, "visibility", or "exploded" for a rate.
        scale: of the metric, distance or similarity; "rate" for a rate.
        number: of pairs, or of runs.
        effect: the mean difference subject - reference on a scale where lower is better: of logarithms for
            distances, so that exp(effect) is a ratio, and of the negated similarity otherwise. NaN if untested.
        low, high: the 95 % interval of the effect.
        deviation: standard deviation of the differences.
        region: the effects for which the claim holds.
        p: of the claim.
        p_opposite: of what contradicts the claim.
    """

    metric: str
    scale: str
    number: int
    region: Region
    effect: float = math.nan
    low: float = math.nan
    high: float = math.nan
    deviation: float = math.nan
    p: float = 1.0
    p_opposite: float = 1.0

    @property
    def is_tested(self) -> bool:
        """Whether there were enough results to test the claim."""
        return not math.isnan(self.effect)


def compute_findings(claim: Claim, table: Table, optimizer: str, look: int) -> list[Finding]:
    """Return a finding for every metric that a claim is tested with, on the first `look` pairs of the study."""
    if claim.kind == "rate":
        return [_estimate_rate(claim, table, optimizer, look)]
    pairs = [(pair.content, pair.style) for pair in table.study.pairs[:look]]
    findings = [
        _compare(claim, table, optimizer, metric, pairs)
        for metric in claim.select_metrics(_available_metrics(claim, table, optimizer))
    ]
    if is_judged_by_visibility(claim, table, optimizer):
        findings.append(_judge_visibility(claim, table, optimizer, pairs))
    return findings


def list_optimizers(claim: Claim, table: Table) -> list[str]:
    """Return the optimizers that a claim is tested with: all of the study, unless the claim names its own."""
    if any("@" in variant for variant in claim.variants):
        return [NAMED_OPTIMIZERS]
    return [optimizer.name for optimizer in table.study.optimizers]


def list_cells(claim: Claim, table: Table, optimizer: str) -> list[tuple[str, str]]:
    """Return the variants and optimizers whose cells decide a claim."""
    if claim.kind == "rate":
        return [name for name, spec in table.specs.items() if name[1] == optimizer and spec.network.is_random]
    names = [_split_name(name, optimizer) for name in claim.variants]
    if is_judged_by_visibility(claim, table, optimizer):
        names.append((claim.visibility, optimizer))
    return list(dict.fromkeys(names))


def compute_differences(
    subject: Sequence[dict[PairName, float]], reference: Sequence[dict[PairName, float]], pairs: Sequence[PairName]
) -> FloatArray:
    """Return the mean of the subjects minus the mean of the references, for every pair that all of them have."""
    columns = [*subject, *reference]
    present = [pair for pair in pairs if all(pair in column for column in columns)]
    means = [np.array([[column[pair] for pair in present] for column in side]) for side in (subject, reference)]
    difference: FloatArray = means[0].mean(axis=0) - means[1].mean(axis=0)
    return difference


def _available_metrics(claim: Claim, table: Table, optimizer: str) -> dict[str, Sequence[str]]:
    """Return the metrics that every done cell of the claim's variants has, with the variants that each one favors.

    A store can have cells from before a metric was added, or from before there were trained weights.
    """
    try:
        results = [r for name in claim.variants for r in table.find_results(*_split_name(name, optimizer)).values()]
    except KeyError:  # the study does not have this variant or optimizer
        results = []
    return {
        metric: table.favored.get(metric, ())
        for metric in table.metrics
        if all(metric in result.scores for result in results)
    }


def _split_name(name: str, optimizer: str) -> tuple[str, str]:
    """Return the variant and the optimizer of variant@optimizer; by default the optimizer under test."""
    variant, _, named = name.partition("@")
    return variant, named or optimizer


def _compare(claim: Claim, table: Table, optimizer: str, metric: str, pairs: Sequence[PairName]) -> Finding:
    """Return the finding of paired tests on the differences between subject and reference."""
    scale = table.metrics[metric]["scale"]
    region = claim_region(claim.kind, equivalence_margin(scale), slight=claim.slight)
    try:
        subject, reference = (
            [table.find_values(*_split_name(name, optimizer), metric) for name in side or ()]
            for side in (claim.subject, claim.reference)
        )
    except KeyError:  # the study does not have this variant or optimizer
        return Finding(metric, scale, 0, region)
    sides = [reference] if claim.against == "mean" else [[each] for each in reference]
    tested = [_test(metric, scale, compute_differences(subject, side, pairs), region) for side in sides]
    return tested[0] if claim.against == "mean" else _combine_references(claim, tested)


def _combine_references(claim: Claim, findings: Sequence[Finding]) -> Finding:
    """Return the finding against the best of several references, from the findings against each.

    To be better than the best is to be better than all of them; to be worse, or no better, than the best is to be so
    compared with one of them. Showing it for all takes the largest p, for one the smallest times their number.
    """
    # The reference that decides: if all have to show the claim the hardest one, if one is enough the easiest.
    choose = min if claim.kind == "better" else max
    decisive = choose(findings, key=lambda finding: finding.region.depth(finding.effect))
    if not all(finding.is_tested for finding in findings):
        return replace(decisive, effect=math.nan)
    ps, opposites = [finding.p for finding in findings], [finding.p_opposite for finding in findings]
    number = len(findings)
    if claim.kind == "better":
        return replace(decisive, p=max(ps), p_opposite=min(1.0, number * min(opposites)))
    return replace(decisive, p=min(1.0, number * min(ps)), p_opposite=max(opposites))


def _judge_visibility(claim: Claim, table: Table, optimizer: str, pairs: Sequence[PairName]) -> Finding:
    """Return the finding on the distance between the images of subject and reference, relative to two seeds.

    A difference is visible if it is larger than the region of equivalence around that of two seeds.
    """
    margin = equivalence_margin("distance")
    is_invisible = claim.kind in ("equivalent", "no-better")
    region = Region(-math.inf, margin) if is_invisible else Region(margin, math.inf)
    references = claim.reference or ()
    sides = [references] if claim.against == "mean" else [(each,) for each in references]
    tested = []
    for side in sides:
        try:
            values = find_visibility(claim, table, optimizer, side)
        except KeyError:  # the study does not have this variant or optimizer
            values = {}
        differences = np.array([values[pair] for pair in pairs if pair in values])
        tested.append(_test(VISIBILITY, "distance", differences, region))
    if len(tested) == 1:
        return tested[0]
    # Against the best of several references, a visible difference is one from each of them.
    return _combine_references(claim.model_copy(update={"kind": "better"}), tested)


def _test(metric: str, scale: str, differences: FloatArray, region: Region) -> Finding:
    finding = Finding(metric, scale, len(differences), region)
    if len(differences) < MIN_PAIRS:
        return finding
    low, high = mean_interval(differences)
    return replace(
        finding,
        effect=float(differences.mean()),
        low=low,
        high=high,
        deviation=float(differences.std(ddof=1)),
        p=float(p_inside(differences, region)),
        p_opposite=float(p_outside(differences, region)),
    )


def _estimate_rate(claim: Claim, table: Table, optimizer: str, look: int) -> Finding:
    """Return the rate of runs with random networks that exploded at least once, on the first pairs."""
    pairs = {(pair.content, pair.style) for pair in table.study.pairs[:look]}
    runs = {
        result.cell.key: result
        for name in list_cells(claim, table, optimizer)
        for result in table.find_all(*name).values()
        if (result.state == "done" or result.has_exploded) and (result.cell.content, result.cell.style) in pairs
    }
    region = Region(*(claim.between or (0.0, 1.0)))
    finding = Finding("exploded", "rate", len(runs), region)
    if len(runs) < MIN_PAIRS:
        return finding
    exploded = sum(run.has_exploded for run in runs.values())
    low, high = binomial_interval(exploded, len(runs))
    p, p_opposite = rate_p_values(exploded, len(runs), region.low, region.high)
    return replace(finding, effect=exploded / len(runs), low=low, high=high, p=p, p_opposite=p_opposite)
