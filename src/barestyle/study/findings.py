"""Findings: what a metric shows about a claim, by paired tests that are not yet corrected for their number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from barestyle.study.claims import Claim, equivalence_margin
from barestyle.study.statistics import (
    FloatArray,
    binomial_interval,
    bootstrap_interval,
    p_greater,
    p_less,
    required_runs,
)
from barestyle.study.table import PairAndSeed, Table

Word = Literal["supported", "contradicted", "undecided", "untested"]

MIN_SAMPLES = 3
"""Fewest differences, or runs, that are tested."""

NAMED_OPTIMIZERS = "as named"
"""The optimizer of findings on claims whose variants name their optimizers."""


@dataclass(frozen=True)
class Finding:
    """What one metric shows about a claim with one optimizer.

    Attributes:
        claim, optimizer, metric: what was tested; the metric of a rate is "exploded".
        scale: of the metric, distance or similarity; "rate" for a rate.
        number: of paired differences, or of runs.
        effect: the mean difference subject - reference on a scale where lower is better: of logarithms for
            distances, so that exp(effect) is a ratio, and of the negated similarity otherwise. NaN if untested.
        low, high: the 95 % interval of the effect.
        standardized: Cohen's d of the paired differences.
        p: of the claim. `verdicts.judge` corrects it for the number of tests.
        p_opposite: of what contradicts the claim, corrected in the same way.
        verdict: set by `verdicts.judge`.
        cells_needed: about how many more cells would decide; None if it is decided or no number would decide.
    """

    claim: Claim
    optimizer: str
    metric: str
    scale: str
    number: int
    effect: float = math.nan
    low: float = math.nan
    high: float = math.nan
    standardized: float = math.nan
    p: float = 1.0
    p_opposite: float = 1.0
    verdict: Word = "untested"
    cells_needed: int | None = None

    @property
    def is_tested(self) -> bool:
        """Whether there were enough results to test the claim."""
        return not math.isnan(self.effect)


def compute_findings(claim: Claim, table: Table) -> list[Finding]:
    """Return a finding for every optimizer and metric that a claim is tested with."""
    if claim.kind == "rate":
        return [_estimate_rate(claim, table, optimizer) for optimizer in list_optimizers(claim, table)]
    return [
        _compare(claim, table, optimizer, metric)
        for optimizer in list_optimizers(claim, table)
        for metric in claim.select_metrics(_available_metrics(claim, table, optimizer))
    ]


def list_optimizers(claim: Claim, table: Table) -> list[str]:
    """Return the optimizers that a claim is tested with: all of the study, unless the claim names its own."""
    if any("@" in variant for variant in claim.variants):
        return [NAMED_OPTIMIZERS]
    return [optimizer.name for optimizer in table.study.optimizers]


def compute_differences(claim: Claim, table: Table, optimizer: str, metric: str) -> FloatArray:
    """Return subject minus reference for every pair and seed that has results of both; may be empty.

    If none of the networks is random there is one difference for each pair, as another seed would repeat it.
    """
    try:
        is_random = any(table.is_random(*_split_name(name, optimizer)) for name in claim.variants)
        subject = _reduce(claim.subject or (), table, optimizer, metric, "mean", every_seed=is_random)
        reference = _reduce(claim.reference or (), table, optimizer, metric, claim.against, every_seed=is_random)
    except KeyError:  # the study does not have this variant or optimizer
        return np.empty(0)
    return np.array([subject[key] - reference[key] for key in sorted(subject.keys() & reference.keys())])


def _reduce(
    variants: Sequence[str],
    table: Table,
    optimizer: str,
    metric: str,
    against: Literal["mean", "best"],
    *,
    every_seed: bool,
) -> dict[PairAndSeed, float]:
    """Return one value for each pair and seed: the mean of the variants, or the values of the best variant."""
    columns = [table.find_values(*_split_name(name, optimizer), metric, every_seed=every_seed) for name in variants]
    keys = set.intersection(*(set(column) for column in columns))
    if against == "best" and keys:
        columns = [min(columns, key=lambda column: sum(column[key] for key in keys))]
    return {key: sum(column[key] for column in columns) / len(columns) for key in keys}


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


def _compare(claim: Claim, table: Table, optimizer: str, metric: str) -> Finding:
    """Return the finding of paired tests on the differences between subject and reference."""
    differences = compute_differences(claim, table, optimizer, metric)
    scale = table.metrics[metric]["scale"]
    finding = Finding(claim, optimizer, metric, scale, len(differences))
    if len(differences) < MIN_SAMPLES:
        return finding
    mean, deviation = float(differences.mean()), float(differences.std(ddof=1))
    p, p_opposite = _test(claim.kind, differences, equivalence_margin(scale))
    low, high = bootstrap_interval(differences)
    return replace(
        finding,
        effect=mean,
        low=low,
        high=high,
        standardized=mean / deviation if deviation > 0 else math.copysign(math.inf, mean) if mean else 0.0,
        p=p,
        p_opposite=min(1.0, p_opposite),
    )


def _test(kind: str, differences: FloatArray, margin: float) -> tuple[float, float]:
    """Return p of a claim and p of what contradicts it.

    Equivalence is tested by two one-sided tests (TOST; Schuirmann 1987, doi:10.1007/BF01068419). A claim of better
    or worse is contradicted by the opposite and by equivalence.
    """
    p_equivalent = max(p_greater(differences, -margin), p_less(differences, margin))
    if kind == "equivalent":
        return p_equivalent, 2 * min(p_greater(differences, margin), p_less(differences, -margin))
    if kind == "no-better":
        return p_greater(differences, -margin), p_less(differences, -margin)
    p_claim, p_opposite = (p_less, p_greater) if kind == "better" else (p_greater, p_less)
    return p_claim(differences, 0.0), 2 * min(p_opposite(differences, 0.0), p_equivalent)


def _estimate_rate(claim: Claim, table: Table, optimizer: str) -> Finding:
    """Return the rate of runs with random networks that exploded at least once.

    A rate has an interval and no p: 0 stands for an interval that decides, 1 for one that does not.
    """
    digests = {spec.digest for (_, name), spec in table.specs.items() if name == optimizer and spec.network.is_random}
    runs = [r for r in table.results if r.cell.spec.digest in digests and r.state in ("done", "failed")]
    finding = Finding(claim, optimizer, "exploded", "rate", len(runs))
    if len(runs) < MIN_SAMPLES or claim.between is None:
        return finding
    exploded = sum(run.has_exploded for run in runs)
    rate = exploded / len(runs)
    low, high = binomial_interval(exploded, len(runs))
    lowest, highest = claim.between
    return replace(
        finding,
        effect=rate,
        low=low,
        high=high,
        p=0.0 if lowest <= low and high <= highest else 1.0,
        p_opposite=0.0 if high < lowest or low > highest else 1.0,
        cells_needed=max(1, required_runs(rate, lowest, highest) - len(runs)),
    )
