"""Verdicts on claims, from the findings of a study.

`judge` takes three steps: compute a finding for each claim, optimizer and metric; correct the p-values for the
number of tests; classify each finding, and combine the findings of a claim into its verdict.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from barestyle.study.claims import Claim, equivalence_margin
from barestyle.study.findings import Finding, Word, compute_findings, list_optimizers
from barestyle.study.statistics import LEVEL, holm, required_differences
from barestyle.study.table import Table


@dataclass(frozen=True)
class Verdict:
    """The verdict on a claim with one optimizer, and the findings that it combines."""

    claim: Claim
    optimizer: str
    word: Word
    findings: tuple[Finding, ...]


def judge(claims: Sequence[Claim], table: Table) -> list[Verdict]:
    """Return a verdict on every claim with every optimizer that it is tested with, in the order of the claims."""
    findings = [finding for claim in claims for finding in compute_findings(claim, table)]
    classified = [classify(finding) for finding in correct_p_values(findings)]
    verdicts = []
    for claim in claims:
        for optimizer in list_optimizers(claim, table):
            selected = tuple(f for f in classified if f.claim is claim and f.optimizer == optimizer)
            word = combine([finding.verdict for finding in selected])
            verdicts.append(Verdict(claim, optimizer, word, selected))
    return verdicts


def correct_p_values(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings with p-values after Holm's correction, and the number of cells that would decide each.

    The tests of one optimizer are corrected together, and so are those of claims that name their optimizers: the
    p-values of claims as one family, those of their opposites as another. Rates have an interval instead of a p-value
    and are not counted among the tests.
    """
    corrected = list(findings)
    for optimizer in {finding.optimizer for finding in findings}:
        tested = [
            i
            for i, finding in enumerate(findings)
            if finding.optimizer == optimizer and finding.claim.kind != "rate" and finding.is_tested
        ]
        p_claims = holm([findings[i].p for i in tested])
        p_opposites = holm([findings[i].p_opposite for i in tested])
        for i, p, p_opposite in zip(tested, p_claims, p_opposites, strict=True):
            needed = estimate_cells_needed(findings[i], tests=len(tested))
            corrected[i] = replace(findings[i], p=p, p_opposite=p_opposite, cells_needed=needed)
    return corrected


def estimate_cells_needed(finding: Finding, *, tests: int) -> int | None:
    """Return about how many more cells of each variant would decide, if the true effect is the observed one.

    An effect is subject - reference, where lower is better; a paired difference needs one cell of each variant.
    At least 1, because the present cells do not decide. None if the effect is 0 or equals the bound that is tested, or
    if the differences do not vary.
    """
    effect, margin = finding.effect, equivalence_margin(finding.scale)
    distance = {
        "better": abs(effect),
        "worse": abs(effect),
        "no-better": abs(effect + margin),
        "equivalent": abs(margin - abs(effect)),
    }[finding.claim.kind]
    if distance == 0 or effect == 0 or not math.isfinite(finding.standardized):
        return None
    deviation = abs(effect / finding.standardized)  # unknown if the effect is 0, hence None above
    is_equivalence = finding.claim.kind == "equivalent"
    total = required_differences(distance, deviation, tests=tests, is_equivalence=is_equivalence)
    return max(1, total - finding.number)


def classify(finding: Finding) -> Finding:
    """Return the finding with its verdict, from the corrected p-values.

    The opposite is what contradicts the claim; for "better" and "worse" that includes equivalence. So both can be
    significant: a difference can be real and yet within the equivalence margin. It then supports only a claim of a
    slight difference, and contradicts any other.
    """
    if not finding.is_tested:
        return finding
    is_claim_significant, is_opposite_significant = finding.p < LEVEL, finding.p_opposite < LEVEL
    if is_claim_significant and (finding.claim.slight or not is_opposite_significant):
        return replace(finding, verdict="supported", cells_needed=None)
    if is_opposite_significant:
        return replace(finding, verdict="contradicted", cells_needed=None)
    return replace(finding, verdict="undecided")


def combine(words: Sequence[Word]) -> Word:
    """Return one verdict from those of a claim's metrics.

    One untested metric leaves the claim untested. Otherwise one is enough to contradict it, and all must support it.
    """
    if not words or "untested" in words:
        return "untested"
    if "contradicted" in words:
        return "contradicted"
    return "supported" if all(word == "supported" for word in words) else "undecided"
