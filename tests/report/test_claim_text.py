"""Claims and findings in words."""

from __future__ import annotations

import re

import pytest

from barestyle.report.claim_text import describe_comparison, describe_finding, describe_verdict, view_claims
from barestyle.study.claims import Claim, load_claims
from barestyle.study.verdicts import judge
from barestyle.study.yaml_loader import load
from tests.study.tables import judge_claim, make_table, with_pairs

CLAIM = Claim(id="x", section="", statement="", kind="better", subject=("a", "b"), reference=("c",))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "a, b better than c"),
        ({"kind": "no-better", "against": "best"}, "a, b no better than the best of c"),
        ({"kind": "worse", "slight": True}, "a, b worse than c; a slight difference is enough"),
        ({"kind": "equivalent"}, "a, b equivalent to c"),
        ({"kind": "rate", "between": (0.005, 0.1)}, "between 0.5% and 10.0% of all runs with random networks"),
    ],
)
def test_a_comparison_in_words(changes: dict[str, object], expected: str) -> None:
    assert describe_comparison(CLAIM.model_copy(update=changes)) == expected


def test_findings_in_words() -> None:
    table = make_table(with_pairs(load("fig7"), 6), lambda name, _: 0.6 * (name == "random-2x2"))
    contradicted = judge_claim("two-by-two", table)
    assert re.fullmatch(
        r"held-out: ratio 1\.\d\d \(1\.\d\d to \d\.\d\d\), 6 pairs", describe_finding(contradicted.findings[0])
    )
    assert re.fullmatch(r"p = \S+", describe_verdict(contradicted))
    undecided = judge_claim("explosions", make_table(with_pairs(load("fig7"), 3)))
    assert describe_finding(undecided.findings[0]).startswith("0.0% of ")
    assert describe_verdict(undecided).endswith(" runs would decide if the true effects are the observed ones")


def test_a_finding_without_results_says_so() -> None:
    verdict = judge_claim("npnd", make_table(load("fig8")))
    assert describe_finding(verdict.findings[0]) == "held-out: too few pairs to compare (0 of at least 3)"
    assert describe_verdict(verdict) == ""


def test_claims_about_other_variants_are_counted_and_not_shown() -> None:
    study = load("fig8")
    data = view_claims(judge(load_claims(), make_table(study)), study)
    assert {view.claim.id for view in data["claims"]} == {"pyramids", "pooled-pyramids", "explosions"}
    assert data["hidden_claims"] == len(load_claims()) - 3
    assert sum(data["verdict_counts"]["robust L-BFGS"].values()) == 3
