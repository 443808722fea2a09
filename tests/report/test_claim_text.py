"""Claims and findings in words."""

from __future__ import annotations

import pytest

from barestyle.report.claim_text import describe_comparison, describe_finding, view_claims
from barestyle.study.claims import Claim, load_claims
from barestyle.study.verdicts import judge
from barestyle.study.yaml_loader import load
from tests.study.tables import judge_claim, make_table

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
    contradicted = judge_claim("two-by-two", make_table(load("fig7"), lambda name, _: 0.6 * (name == "random-2x2")))
    assert describe_finding(contradicted.findings[0]).startswith("held-out: ratio 1.")
    assert "p of the opposite = " in describe_finding(contradicted.findings[0])
    undecided = judge_claim("explosions", make_table(load("fig7")))
    assert describe_finding(undecided.findings[0]).startswith("0.0% of ")
    assert describe_finding(undecided.findings[0]).endswith(" more cells would decide")


def test_a_finding_without_results_says_so() -> None:
    (finding, *_) = judge_claim("npnd", make_table(load("fig8"))).findings
    assert describe_finding(finding) == "held-out: too few cells to compare (0 of at least 3)"


def test_claims_about_other_variants_are_counted_and_not_shown() -> None:
    study = load("fig8")
    data = view_claims(judge(load_claims(), make_table(study)), study)
    assert {view.claim.id for view in data["claims"]} == {"pyramids", "pooled-pyramids", "explosions"}
    assert data["hidden_claims"] == len(load_claims()) - 3
    assert sum(data["verdict_counts"]["robust L-BFGS"].values()) == 3
