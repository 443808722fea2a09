"""Verdicts on the claims of a study.

The rule, which docs/decisions/0019 explains: a claim states a region of mean effects over pairs of images. It is
supported where a test shows that the mean is inside, and contradicted where a test shows that it is outside. All
verdicts of a study together have an expected share of wrong ones of at most LEVEL.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from barestyle.study.claims import Claim
from barestyle.study.findings import MIN_PAIRS, Finding, compute_findings, list_cells, list_optimizers
from barestyle.study.statistics import LEVEL, benjamini_hochberg, required_pairs, required_runs, spending_weights
from barestyle.study.table import Table

Word = Literal["supported", "contradicted", "undecided", "untested"]


@dataclass(frozen=True)
class Verdict:
    """The verdict on a claim with one optimizer.

    Attributes:
        claim, optimizer: what was tested.
        word: the verdict.
        findings: of every metric, on the most pairs that are finished.
        p: adjusted for the number of claims and looks; of the claim, or of its opposite if that is smaller.
        level: the p at which the claim would be decided, before it is multiplied by a look's share.
        pairs_needed: about how many pairs would decide, or runs for a rate; None if it is decided, or if no number
            would.
    """

    claim: Claim
    optimizer: str
    word: Word
    findings: tuple[Finding, ...]
    p: float = 1.0
    level: float = LEVEL
    pairs_needed: int | None = None


@dataclass(frozen=True)
class Evidence:
    """The findings on a claim with one optimizer, and p-values that hold for all looks together."""

    findings: tuple[Finding, ...]
    p: float = 1.0
    p_opposite: float = 1.0


def judge(claims: Sequence[Claim], table: Table) -> list[Verdict]:
    """Return a verdict on every claim with every optimizer that it is tested with, in the order of the claims.

    For each claim and optimizer, the smaller of the two p-values, doubled because there are two, is one hypothesis;
    Benjamini and Hochberg's procedure runs over all of them. With the direction of the smaller p it also controls wrong
    directions (Benjamini and Yekutieli 2005, doi:10.1198/016214504000001907).
    """
    tested = [(claim, optimizer) for claim in claims for optimizer in list_optimizers(claim, table)]
    evidence = [collect_evidence(claim, table, optimizer) for claim, optimizer in tested]
    # Not among the hypotheses: claims about variants that the study does not have, and rates, whose p is too small.
    is_hypothesis = [claim.kind != "rate" and is_in_study(claim, table, optimizer) for claim, optimizer in tested]
    ps = [min(1.0, 2 * min(each.p, each.p_opposite)) for each in evidence]
    adjusted = iter(benjamini_hochberg([p for p, is_tested in zip(ps, is_hypothesis, strict=True) if is_tested]))
    adjusted_ps = [
        next(adjusted) if is_tested else p if claim.kind == "rate" else 1.0
        for (claim, _), is_tested, p in zip(tested, is_hypothesis, ps, strict=True)
    ]
    number = sum(is_hypothesis)
    decided = sum(p <= LEVEL for p, is_tested in zip(adjusted_ps, is_hypothesis, strict=True) if is_tested)
    # The level of the next claim that would be decided.
    level = LEVEL * min(decided + 1, number) / max(1, number) / 2
    return [
        _conclude(claim, optimizer, each, p, level, spending_weights(table.study.all_looks)[-1])
        for (claim, optimizer), each, p in zip(tested, evidence, adjusted_ps, strict=True)
    ]


def is_in_study(claim: Claim, table: Table, optimizer: str) -> bool:
    """Return whether the study has all variants of a claim."""
    names = list_cells(claim, table, optimizer)
    return bool(names) and all(name in table.specs for name in names)


def collect_evidence(claim: Claim, table: Table, optimizer: str) -> Evidence:
    """Return the findings on a claim on the most finished pairs, and p-values for all looks together.

    At each look, every metric must support a claim, and one is enough to contradict it.
    """
    looks = table.study.all_looks
    ended = table.count_ended_pairs(list_cells(claim, table, optimizer))
    p = p_opposite = 1.0
    for look, weight in zip(looks, spending_weights(looks), strict=True):
        if look > ended:
            break
        findings = compute_findings(claim, table, optimizer, look)
        if findings and all(finding.is_tested for finding in findings):
            p = min(p, max(finding.p for finding in findings) / weight)
            p_opposite = min(p_opposite, len(findings) * min(finding.p_opposite for finding in findings) / weight)
    return Evidence(tuple(compute_findings(claim, table, optimizer, ended)), p, p_opposite)


def _conclude(claim: Claim, optimizer: str, evidence: Evidence, p: float, level: float, share: float) -> Verdict:
    verdict = Verdict(claim, optimizer, "untested", evidence.findings, p, level)
    if not evidence.findings or not all(finding.is_tested for finding in evidence.findings):
        return verdict
    if p <= LEVEL:
        return replace(verdict, word="supported" if evidence.p < evidence.p_opposite else "contradicted")
    return replace(verdict, word="undecided", pairs_needed=estimate_pairs(claim, evidence.findings, level * share))


def sides_outside(finding: Finding) -> int:
    """Return by how much p is multiplied because an effect outside of the region may be on either side of it."""
    region = finding.region
    has_two_ends = math.isfinite(region.low) and math.isfinite(region.high)
    return 2 if has_two_ends and not region.contains(finding.effect) else 1


def estimate_pairs(claim: Claim, findings: Sequence[Finding], level: float) -> int | None:
    """Return about how many pairs, or runs for a rate, would decide a claim if the observed effects are the true ones.

    All metrics whose effects lie inside the claim's region have to show it; of those outside, one is enough.
    """
    if claim.kind == "rate":
        (finding,) = findings
        return max(finding.number + 1, required_runs(finding.effect, finding.region.low, finding.region.high))
    outside = [finding for finding in findings if not finding.region.contains(finding.effect)]
    relevant, shares = (outside, len(findings)) if outside else (findings, 1)
    numbers = [
        required_pairs(
            finding.region.distance(finding.effect), finding.deviation, level=level / shares / sides_outside(finding)
        )
        for finding in relevant
    ]
    known = [number for number in numbers if number is not None]
    if not known or (not outside and len(known) < len(numbers)):
        return None
    # More than there are, for these do not decide.
    return max(MIN_PAIRS, findings[0].number + 1, min(known) if outside else max(known))
