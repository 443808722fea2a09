"""Findings on invented results: which results are compared, and how explosions are counted."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from barestyle.stop_reasons import StopReason
from barestyle.study.claims import Claim, load_claims
from barestyle.study.findings import Finding, _combine_references, compute_findings
from barestyle.study.regions import Region
from barestyle.study.table import Table
from barestyle.study.yaml_loader import load
from tests.study.tables import METRICS, judge_claim, make_table, with_pairs


def find_claim(name: str) -> Claim:
    return next(claim for claim in load_claims() if claim.id == name)


def test_a_pair_is_one_observation_whatever_the_number_of_seeds() -> None:
    table = make_table(with_pairs(load("paper"), 5))
    for name in ("bias-zero", "binarized", "npnd"):
        assert {finding.number for finding in judge_claim(name, table).findings} == {5}


def test_seeds_are_averaged_within_a_pair() -> None:
    """A difference of 0.3 in one of three seeds is one of 0.1 in the mean."""
    table = make_table(with_pairs(load("fig6"), 4), noise=0.0)
    digest = table.specs["npnd-71", "robust"].digest
    results = tuple(
        result.model_copy(update={"scores": {name: value * math.exp(0.3) for name, value in result.scores.items()}})
        if result.cell.spec.digest == digest and result.cell.seed == 1
        else result
        for result in table.results
    )
    finding = compute_findings(find_claim("prime"), replace(table, results=results), "robust", 4)[0]
    assert finding.effect == pytest.approx(0.1)


def test_a_metric_that_not_every_cell_has_is_not_used() -> None:
    table = make_table(load("paper"))
    with_vgg = replace(table, metrics={"vgg": METRICS["held-out"], **METRICS})
    assert [finding.metric for finding in judge_claim("npnd", with_vgg).findings] == ["held-out", "patches"]


def test_a_claim_about_unknown_variants_is_not_tested() -> None:
    findings = compute_findings(find_claim("npnd"), make_table(load("fig8")), "robust", 4)
    assert {(finding.is_tested, finding.number) for finding in findings} == {(False, 0)}


def test_only_the_first_pairs_are_looked_at() -> None:
    table = make_table(with_pairs(load("fig8"), 9))
    assert {finding.number for finding in compute_findings(find_claim("pyramids"), table, "robust", 6)} == {6}


def compare_with_references(table: Table, kind: str, against: str) -> tuple[float, float, float]:
    claim = find_claim("uniform-best").model_copy(update={"kind": kind, "against": against, "visibility": ""})
    finding = compute_findings(claim, table, "robust", len(table.study.pairs))[0]
    return finding.effect, finding.p, finding.p_opposite


def test_better_than_the_best_is_better_than_all() -> None:
    """Against the mean of the references the subject is better, against the best one it is worse."""
    effects = {"uniform-0.1": -0.4, "gaussian-0.05": -0.9, "gaussian-0.1": 0.9}
    table = make_table(with_pairs(load("fig4"), 8), lambda variant, _: effects.get(variant, 0.0), noise=0.01)
    effect, p, p_opposite = compare_with_references(table, "better", "mean")
    assert effect == pytest.approx(-0.4, abs=0.02)
    assert (p < 1e-3, p_opposite > 0.99) == (True, True)
    effect, p, p_opposite = compare_with_references(table, "better", "best")
    assert effect == pytest.approx(0.5, abs=0.02), "that of the reference that is hardest to beat"
    assert (p > 0.99, p_opposite < 1e-3) == (True, True)


def test_a_visible_difference_from_the_best_is_that_from_the_nearest() -> None:
    """Of the references, the one whose images differ least from the subject's is the hardest."""
    findings = [Finding("visibility", "distance", 8, Region(0.2, math.inf), effect=effect) for effect in (0.3, 1.1)]
    claim = find_claim("uniform-best")
    assert _combine_references(claim, findings).effect == 0.3
    assert _combine_references(claim, findings[::-1]).effect == 0.3


def test_worse_than_the_best_is_worse_than_one() -> None:
    effects = {"uniform-0.1": -0.4, "gaussian-0.05": -0.9, "gaussian-0.1": 0.9}
    table = make_table(with_pairs(load("fig4"), 8), lambda variant, _: effects.get(variant, 0.0), noise=0.01)
    _, p, p_opposite = compare_with_references(table, "worse", "best")
    assert (p < 1e-3, p_opposite > 0.99) == (True, True)
    flat = make_table(with_pairs(load("fig4"), 8), noise=0.01)
    _, p, p_opposite = compare_with_references(flat, "worse", "best")
    assert (p > 0.99, p_opposite < 1e-3) == (True, True), "worse than none of them"


@pytest.mark.parametrize(
    ("state", "stop_reason", "counts"),
    [
        ("failed", StopReason.RESTARTS_EXHAUSTED, True),
        ("failed", StopReason.START_NOT_FINITE, True),
        ("failed", StopReason.STYLE_NOT_FINITE, True),
        ("failed", None, False),
        ("done", StopReason.LOSS_NOT_FINITE, True),
        ("done", StopReason.LAST_LOSS_HIGH, False),
        ("done", StopReason.STEPS_TAKEN, False),
    ],
)
def test_explosions_are_counted_by_code_whatever_the_sentence(
    state: str, stop_reason: StopReason | None, counts: bool
) -> None:
    """The sentence says the opposite of the code, and changes nothing."""
    table = make_table(load("paper"))
    reason = "another sentence" if counts else "the loss became infinite or NaN"
    changes = {"state": state, "stop_reason": stop_reason, "reason": reason}
    results = tuple(result.model_copy(update=changes) for result in table.results)
    (finding,) = judge_claim("explosions", replace(table, results=results)).findings
    if state == "failed" and not counts:
        assert finding.number == 0, "such a run says nothing about explosions"
    else:
        assert finding.number > 0
        assert finding.effect == (1.0 if counts else 0.0)


def test_only_runs_that_ended_count_for_the_rate_of_explosions() -> None:
    table = make_table(load("paper"), finished_pairs=0)
    (finding,) = judge_claim("explosions", table).findings
    assert (finding.number, finding.is_tested) == (0, False)
