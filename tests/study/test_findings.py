"""Findings on invented results: which results are compared, and how explosions are counted."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from barestyle.stop_reasons import StopReason
from barestyle.study.claims import load_claims
from barestyle.study.findings import compute_findings
from barestyle.study.yaml_loader import load
from tests.study.tables import METRICS, judge_claim, make_table


def test_a_network_that_is_not_random_gives_one_difference_for_each_pair() -> None:
    """Compared with a random network its one cell is repeated for every seed; with another such network it is not."""
    table = make_table(load("paper"))
    numbers = {
        name: {finding.number for finding in judge_claim(name, table).findings} for name in ("bias-zero", "binarized")
    }
    assert numbers == {"bias-zero": {4}, "binarized": {12}}


def test_a_metric_that_not_every_cell_has_is_not_used() -> None:
    table = make_table(load("paper"))
    with_vgg = replace(table, metrics={"vgg": METRICS["held-out"], **METRICS})
    assert [finding.metric for finding in judge_claim("npnd", with_vgg).findings] == ["held-out", "patches"]


def test_a_claim_about_unknown_variants_is_not_tested() -> None:
    claim = next(claim for claim in load_claims() if claim.id == "npnd")
    findings = compute_findings(claim, make_table(load("fig8")))
    assert {(finding.is_tested, finding.number) for finding in findings} == {(False, 0)}


def test_the_best_reference_is_the_one_with_the_best_mean() -> None:
    """Against the mean of the references the subject is better, against the best one it is worse."""
    effects = {"uniform-0.1": -0.1, "gaussian-0.05": -0.3, "gaussian-0.1": 0.5}
    table = make_table(load("fig4"), lambda variant, _: effects.get(variant, 0.0), noise=0.001)
    claim = next(claim for claim in load_claims() if claim.id == "uniform-best")
    (best, *_), (mean, *_) = (
        compute_findings(claim.model_copy(update={"against": against}), table) for against in ("best", "mean")
    )
    assert best.effect == pytest.approx(-0.1 + 0.3, abs=0.002)
    assert mean.effect == pytest.approx(-0.1 - (-0.3 + 0.5) / 4, abs=0.002)
    assert math.exp(best.low) < math.exp(best.effect) < math.exp(best.high)


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
    assert finding.number > 0
    assert finding.effect == (1.0 if counts else 0.0)


def test_only_runs_that_ended_count_for_the_rate_of_explosions() -> None:
    table = make_table(load("paper"))
    running = tuple(result.model_copy(update={"state": "running"}) for result in table.results)
    (finding,) = judge_claim("explosions", replace(table, results=running)).findings
    assert (finding.number, finding.is_tested) == (0, False)
