"""Verdicts on invented results for which the truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from barestyle.study.claims import Claim, load_claims
from barestyle.study.findings import Word
from barestyle.study.statistics import p_less
from barestyle.study.verdicts import combine, judge
from barestyle.study.yaml_loader import load
from tests.study.tables import judge_claim, make_table


@pytest.mark.parametrize(
    ("name", "effects", "expected"),
    [
        ("two-by-two", {}, "supported"),
        ("two-by-two", {"random-2x2": 0.6}, "contradicted"),
        ("two-by-two", {"random-2x2": -0.6}, "contradicted"),
        ("too-few", {"npnd-4": 0.6}, "supported"),
        ("too-few", {"npnd-4": -0.6}, "contradicted"),
        ("too-few", {}, "contradicted"),
        ("too-few", {"npnd-4": 0.1}, "contradicted"),
        ("pyramids", {"gaussian-pyramid": -0.1}, "supported"),
        ("pyramids", {"gaussian-pyramid": -0.3}, "supported"),
        ("pyramids", {"laplacian-pyramid": -0.3}, "contradicted"),
        ("diminishing", {"npnd-512": -0.05}, "supported"),
        ("diminishing", {"npnd-512": -0.9}, "contradicted"),
        ("uniform-best", {"uniform-0.1": -0.5}, "supported"),
        ("uniform-best", {"uniform-0.1": -0.5, "gaussian-0.05": -0.9}, "contradicted"),
    ],
)
def test_a_known_difference_gives_the_right_verdict(name: str, effects: dict[str, float], expected: str) -> None:
    table = make_table(load("paper"), lambda variant, _: effects.get(variant, 0.0))
    verdict = judge_claim(name, table)
    assert verdict.word == expected
    assert all(finding.number == 12 and finding.cells_needed is None for finding in verdict.findings)


def test_an_undecided_claim_among_many_needs_more_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells are counted at Holm's level, so at least one is needed for every claim that is undecided."""
    monkeypatch.setattr("barestyle.study.statistics.RESAMPLES", 50)  # the intervals are not tested here
    table = make_table(load("paper"), noise=0.25)
    findings = [finding for verdict in judge(load_claims(), table) for finding in verdict.findings]
    undecided = [finding for finding in findings if finding.verdict == "undecided" and finding.claim.kind != "rate"]
    assert undecided
    assert all(finding.cells_needed is not None and finding.cells_needed > 0 for finding in undecided)


def test_with_the_cells_needed_most_studies_would_decide() -> None:
    """The power is 80 % for the observed effect, simulated with that many cells."""
    table = make_table(load("fig8"), lambda variant, _: -0.1 if variant == "gaussian-pyramid" else 0.0, noise=0.5)
    verdict = judge_claim("pyramids", table)
    assert verdict.word == "undecided"
    finding = verdict.findings[0]
    assert finding.cells_needed is not None
    assert finding.cells_needed > 0
    total = finding.number + finding.cells_needed
    deviation = abs(finding.effect / finding.standardized)
    random = np.random.default_rng(1)
    level = 0.05 / len(verdict.findings)  # the strictest of Holm's levels
    decided = [p_less(random.normal(-abs(finding.effect), deviation, total), 0) < level for _ in range(400)]
    assert 0.7 < np.mean(decided) < 0.9


def test_a_claim_about_variants_that_the_study_does_not_have_is_untested() -> None:
    table = make_table(load("fig8"))
    assert judge_claim("npnd", table).word == "untested"
    assert judge_claim("pyramids", table).word != "untested"


def test_claims_across_optimizers() -> None:
    def effect(variant: str, optimizer: str) -> float:
        return 1.0 if (variant, optimizer) == ("gaussian-0.015", "paper") else 0.0

    table = make_table(load("fig4"), effect)
    assert judge_claim("optimizer", table).word == "supported"
    assert judge_claim("loss-scale", table).word == "supported"
    words = [judge_claim("he-gaussian", table, name).word for name in ("paper", "robust")]
    assert words == ["supported", "contradicted"]


@pytest.mark.parametrize(("rate", "expected"), [(0.03, "supported"), (0.5, "contradicted"), (0.0, "undecided")])
def test_a_claim_about_the_rate_of_explosions(rate: float, expected: str) -> None:
    """The interval is that of Clopper and Pearson, here from the beta distribution."""
    verdict = judge_claim("explosions", make_table(load("paper"), restart_rate=rate))
    assert verdict.word == expected
    (finding,) = verdict.findings
    count = round(finding.effect * finding.number)
    exact = stats.beta.ppf([0.025, 0.975], [count, count + 1], [finding.number - count + 1, finding.number - count])
    assert finding.high == pytest.approx(exact[1], rel=1e-6)


def test_equivalence_is_a_ratio_within_the_margin() -> None:
    claim = Claim(id="x", section="", statement="", kind="equivalent", subject=("npnd-71",), reference=("npnd",))
    for ratio, expected in ((1.1, "supported"), (1.25 * 1.3, "contradicted")):
        effects = {"npnd-71": math.log(ratio)}
        table = make_table(load("fig6"), lambda variant, _, known=effects: known.get(variant, 0.0), noise=0.02)  # type: ignore[misc]
        verdict = next(verdict for verdict in judge([claim], table) if verdict.optimizer == "robust")
        assert verdict.word == expected
        assert math.exp(verdict.findings[0].effect) == pytest.approx(ratio, rel=0.05)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "untested"),
        (["supported", "untested"], "untested"),
        (["supported", "contradicted"], "contradicted"),
        (["supported", "undecided"], "undecided"),
        (["supported", "supported"], "supported"),
    ],
)
def test_all_metrics_must_support_a_claim_and_one_can_contradict_it(words: list[Word], expected: Word) -> None:
    assert combine(words) == expected
