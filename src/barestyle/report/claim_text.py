"""Claims and verdicts on the report page, in words."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

from barestyle.study.claims import Claim
from barestyle.study.declaration import Study
from barestyle.study.findings import MIN_PAIRS, Finding
from barestyle.study.verdicts import Verdict


@dataclass(frozen=True)
class VerdictView:
    """A verdict with one optimizer, its findings as text, and how many pairs would decide it if it is open."""

    optimizer: str
    word: str
    findings: tuple[str, ...]
    note: str


@dataclass(frozen=True)
class ClaimView:
    """A claim, what it compares as text, and a verdict for each optimizer."""

    claim: Claim
    comparison: str
    verdicts: tuple[VerdictView, ...]


def view_claims(verdicts: list[Verdict], study: Study) -> dict[str, Any]:
    """Return each claim with its verdicts, how many claims are not shown, and counts of verdicts by optimizer.

    Claims about variants that the study does not have are counted instead of shown.
    """
    labels = {optimizer.name: optimizer.label for optimizer in study.optimizers}
    views: dict[str, ClaimView] = {}
    hidden: set[str] = set()
    counts: dict[str, Counter[str]] = {}
    for verdict in verdicts:
        claim = verdict.claim
        if any(study.find_variant(name.partition("@")[0]) is None for name in claim.variants):
            hidden.add(claim.id)
            continue
        optimizer = labels.get(verdict.optimizer, verdict.optimizer)
        findings = tuple(describe_finding(finding) for finding in verdict.findings)
        view = VerdictView(optimizer, verdict.word, findings, describe_verdict(verdict))
        earlier = views[claim.id].verdicts if claim.id in views else ()
        views[claim.id] = ClaimView(claim, describe_comparison(claim), (*earlier, view))
        counts.setdefault(optimizer, Counter())[verdict.word] += 1
    return {"claims": list(views.values()), "hidden_claims": len(hidden), "verdict_counts": counts}


def describe_comparison(claim: Claim) -> str:
    """Return what a claim compares, and whether a slight difference is enough."""
    if claim.kind == "rate" and claim.between is not None:
        return f"between {claim.between[0]:.1%} and {claim.between[1]:.1%} of all runs with random networks"
    subject, reference = ", ".join(claim.subject or ()), ", ".join(claim.reference or ())
    words = {
        "better": "better than",
        "worse": "worse than",
        "no-better": "no better than",
        "equivalent": "equivalent to",
    }[claim.kind]
    best = "the best of " if claim.against == "best" else ""
    slight = "; a slight difference is enough" if claim.slight else ""
    return f"{subject} {words} {best}{reference}{slight}"


def describe_verdict(verdict: Verdict) -> str:
    """Return the verdict's p, and for an undecided claim about how many pairs, or runs, would decide it."""
    if verdict.word == "untested":
        return ""
    text = f"p = {verdict.p:.2g}"
    if verdict.word == "undecided":
        unit = "runs" if verdict.claim.kind == "rate" else "pairs"
        needed = f"about {verdict.pairs_needed:,} {unit}" if verdict.pairs_needed else f"no number of {unit}"
        text += f"; {needed} would decide if the true effects are the observed ones"
    return text


def describe_finding(finding: Finding) -> str:
    """Return a finding as text: metric, effect with its interval, and the number of pairs."""
    if not finding.is_tested:
        return f"{finding.metric}: too few pairs to compare ({finding.number} of at least {MIN_PAIRS})"
    if finding.scale == "rate":
        interval = f"95% confidence interval {finding.low:.1%} to {finding.high:.1%}"
        return f"{finding.effect:.1%} of {finding.number} runs exploded ({interval})"
    if finding.scale == "similarity":
        effect = f"difference {-finding.effect:+.3f} ({-finding.high:+.3f} to {-finding.low:+.3f})"
    else:
        effect = f"ratio {math.exp(finding.effect):.2f} ({math.exp(finding.low):.2f} to {math.exp(finding.high):.2f})"
    return f"{finding.metric}: {effect}, {finding.number} pairs"
