"""Verdicts: what the cells of a study say on a claim, with intervals, tests and a correction for their number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy import stats

from barestyle.study.claims import Claim, margin
from barestyle.study.statistics import Numbers, above, below, holm, interval
from barestyle.study.table import Key, Table

Word = Literal["supported", "contradicted", "undecided", "untested"]

LEVEL = 0.05
POWER = 0.8
MIN_SAMPLES = 3
"""Differences below which nothing is tested."""


@dataclass(frozen=True)
class Finding:
    """What one metric says on a claim under one optimizer.

    `effect` is the mean difference subject - reference, lower being better: of logarithms for distances, so that
    exp(effect) is a ratio, and of minus the similarity otherwise; `low` and `high` its 95 % bootstrap interval (BCa);
    `standardized` is Cohen's d of the paired differences. `p` is of the claim itself, `p_against` of its opposite;
    both are corrected by Holm's method once all findings are in. `needed` is about how many more cells of each arm
    would decide, None where it is decided or no number would.
    """

    claim: Claim
    optimizer: str
    metric: str
    number: int
    effect: float
    low: float
    high: float
    standardized: float
    p: float
    p_against: float
    verdict: Word
    needed: int | None


@dataclass(frozen=True)
class Verdict:
    """A claim's word under one optimizer: supported where every metric says so, contradicted where one says that."""

    claim: Claim
    optimizer: str
    word: Word
    findings: tuple[Finding, ...]


def verdicts(claims: Sequence[Claim], table: Table) -> list[Verdict]:
    """Every claim under every optimizer that it is tested under, in the order of the claims."""
    findings = [finding for claim in claims for finding in _findings(claim, table)]
    decided = [_worded(finding) for finding in _corrected(findings)]
    result = []
    for claim in claims:
        for optimizer in _optimizers(claim, table):
            own = tuple(one for one in decided if one.claim is claim and one.optimizer == optimizer)
            result.append(Verdict(claim, optimizer, _together([one.verdict for one in own]), own))
    return result


def _optimizers(claim: Claim, table: Table) -> list[str]:
    if any("@" in variant for variant in claim.variants):
        return ["both"]
    return [optimizer.name for optimizer in table.study.optimizers]


def _together(words: Sequence[Word]) -> Word:
    if not words or "untested" in words:
        return "untested"
    if "contradicted" in words:
        return "contradicted"
    return "supported" if all(word == "supported" for word in words) else "undecided"


def _findings(claim: Claim, table: Table) -> list[Finding]:
    if claim.kind == "rate":
        return [_rate(claim, table, optimizer) for optimizer in _optimizers(claim, table)]
    return [
        _compared(claim, optimizer, metric, differences(claim, table, optimizer, metric))
        for optimizer in _optimizers(claim, table)
        for metric in claim.judges(_measured(claim, table, optimizer))
    ]


def _measured(claim: Claim, table: Table, optimizer: str) -> dict[str, Sequence[str]]:
    """The metrics that every done cell of the claim's arms has, with the variants that they favor.

    A store may hold cells from before a metric was added, or weights were at hand.
    """
    try:
        cells = [row for one in claim.variants for row in table.cells(*_named(one, optimizer)).values()]
    except KeyError:  # the study has no such variant or optimizer
        cells = []
    return {
        metric: table.favored.get(metric, ()) for metric in table.metrics if all(metric in row.scores for row in cells)
    }


def differences(claim: Claim, table: Table, optimizer: str, metric: str) -> Numbers:
    """Subject minus reference for every pair and seed that has all of both; empty where there is none.

    Where no network is drawn there is one difference for each pair: another seed would repeat it.
    """
    try:
        drawn = any(table.is_drawn(name, own) for name, own in (_named(one, optimizer) for one in claim.variants))
        subject = _arm(claim.subject or (), table, optimizer, metric, "mean", every_seed=drawn)
        reference = _arm(claim.reference or (), table, optimizer, metric, claim.against, every_seed=drawn)
    except KeyError:  # the study has no such variant or optimizer
        return np.empty(0)
    return np.array([subject[key] - reference[key] for key in sorted(subject.keys() & reference.keys())])


def _named(variant: str, optimizer: str) -> tuple[str, str]:
    """A claim's variant, and its own optimizer or the one that the claim is tested under."""
    name, _, own = variant.partition("@")
    return name, own or optimizer


def _arm(
    variants: Sequence[str], table: Table, optimizer: str, metric: str, reduce: str, *, every_seed: bool
) -> dict[Key, float]:
    """One number for each pair and seed: the mean of the variants, or those of the variant with the best mean."""
    columns = [table.values(*_named(one, optimizer), metric, every_seed=every_seed) for one in variants]
    keys = set.intersection(*(set(column) for column in columns))
    if reduce == "best" and keys:
        columns = [min(columns, key=lambda column: sum(column[key] for key in keys))]
    return {key: sum(column[key] for column in columns) / len(columns) for key in keys}


def _compared(claim: Claim, optimizer: str, metric: str, values: Numbers) -> Finding:
    """Paired tests on differences; p of the claim and of what contradicts it, not yet corrected."""
    blank = Finding(
        claim, optimizer, metric, len(values), math.nan, math.nan, math.nan, math.nan, 1.0, 1.0, "untested", None
    )
    if len(values) < MIN_SAMPLES:
        return blank
    allowed = margin(metric)
    mean, spread = float(values.mean()), float(values.std(ddof=1))
    p, against = _tested(claim.kind, values, allowed)
    low, high = interval(values)
    return replace(
        blank,
        effect=mean,
        low=low,
        high=high,
        standardized=mean / spread if spread > 0 else math.copysign(math.inf, mean) if mean else 0.0,
        p=p,
        p_against=min(1.0, against),
    )


def _tested(kind: str, values: Numbers, allowed: float) -> tuple[float, float]:
    """p of a claim and of what contradicts it.

    Equivalence is tested by two one-sided tests (TOST; Schuirmann 1987, doi:10.1007/BF01068419). A claim of better
    or worse is contradicted by the opposite, or by equivalence.
    """
    equal = max(above(values, -allowed), below(values, allowed))
    if kind == "equivalent":
        return equal, 2 * min(above(values, allowed), below(values, -allowed))
    if kind == "no-better":
        return above(values, -allowed), below(values, -allowed)
    claimed, opposite = (below, above) if kind == "better" else (above, below)
    return claimed(values, 0.0), 2 * min(opposite(values, 0.0), equal)


def _needed(finding: Finding, *, tests: int) -> int | None:
    """About how many more cells of each arm would decide with 80 % power, the effect being what it seems.

    At the strictest of Holm's levels; at least one, as what there is does not decide. None where the effect lies
    on the very border that is tested.
    """
    mean, allowed = finding.effect, margin(finding.metric)
    distance = {
        "better": abs(mean),
        "worse": abs(mean),
        "no-better": abs(mean + allowed),
        "equivalent": abs(allowed - abs(mean)),
    }[finding.claim.kind]
    if distance == 0 or mean == 0 or not math.isfinite(finding.standardized):
        return None
    spread = abs(mean / finding.standardized)
    # Two one-sided tests have to pass at once where nothing differs (Julious 2004, doi:10.1002/sim.1783).
    power = POWER if finding.claim.kind != "equivalent" else (1 + POWER) / 2
    total = ((stats.norm.ppf(1 - LEVEL / tests) + stats.norm.ppf(power)) * spread / distance) ** 2
    return max(1, math.ceil(float(total)) - finding.number)


def _rate(claim: Claim, table: Table, optimizer: str) -> Finding:
    """The share of drawn searches that exploded at least once, with its exact binomial interval."""
    digests = {
        spec.digest
        for variant in table.study.variants()
        for one in table.study.optimizers
        if one.name == optimizer and (spec := table.study.spec(variant, one)).network.is_drawn
    }
    rows = [row for row in table.rows if row.digest in digests and row.state in ("done", "failed")]
    exploded = sum(row.restarts > 0 or (row.stop_reason is not None and row.stop_reason.is_explosion) for row in rows)
    blank = Finding(
        claim, optimizer, "exploded", len(rows), math.nan, math.nan, math.nan, math.nan, 1.0, 1.0, "untested", None
    )
    if len(rows) < MIN_SAMPLES or claim.between is None:
        return blank
    test = stats.binomtest(exploded, len(rows))
    bounds = test.proportion_ci(0.95)
    low, high = claim.between
    share = exploded / len(rows)
    inside = low <= bounds.low and bounds.high <= high
    outside = bounds.high < low or bounds.low > high
    return replace(
        blank,
        effect=share,
        needed=max(1, _enough(share, low, high) - len(rows)),
        low=float(bounds.low),
        high=float(bounds.high),
        p=0.0 if inside else 1.0,
        p_against=0.0 if outside else 1.0,
    )


def _enough(share: float, low: float, high: float) -> int:
    """About how many searches would tell a share from the borders of a claimed range, the share being what it seems."""
    if share == 0:
        return math.ceil(math.log(0.025) / math.log1p(-low))  # the rule of three, at 97.5 %
    room = max(min(abs(share - low), abs(high - share)), 1e-4)
    return math.ceil(float(stats.norm.ppf(0.975)) ** 2 * share * (1 - share) / room**2)


def _corrected(findings: list[Finding]) -> list[Finding]:
    """Holm's correction of all that was tested under one optimizer, for claims and their opposites.

    Rates have an interval and no p, so they are not among the tests.
    """
    result = list(findings)
    for optimizer in {finding.optimizer for finding in findings}:
        own = [
            i
            for i, one in enumerate(findings)
            if one.optimizer == optimizer and one.claim.kind != "rate" and not math.isnan(one.effect)
        ]
        for field in ("p", "p_against"):
            for i, p in zip(own, holm([getattr(findings[i], field) for i in own]), strict=True):
                result[i] = replace(result[i], p=p) if field == "p" else replace(result[i], p_against=p)
        for i in own:
            result[i] = replace(result[i], needed=_needed(result[i], tests=len(own)))
    return result


def _worded(finding: Finding) -> Finding:
    """The finding with its word, from the corrected p.

    A difference that is real but equivalent within the margin, too small to be seen, supports only a claim of a
    slight one.
    """
    if math.isnan(finding.effect):
        return finding
    claimed, against = finding.p < LEVEL, finding.p_against < LEVEL
    if claimed and (finding.claim.slight or not against):
        return replace(finding, verdict="supported", needed=None)
    if against:
        return replace(finding, verdict="contradicted", needed=None)
    return replace(finding, verdict="undecided")
