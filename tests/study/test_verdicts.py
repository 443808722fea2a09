"""Verdicts on invented results for which the truth is known."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from barestyle.study.claims import Claim, load_claims
from barestyle.study.regions import p_inside
from barestyle.study.verdicts import collect_evidence, judge
from barestyle.study.yaml_loader import load
from tests.study.tables import judge_claim, make_table, with_pairs

PAPER = with_pairs(load("paper"), 12)


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
    table = make_table(PAPER, lambda variant, _: effects.get(variant, 0.0))
    verdict = judge_claim(name, table)
    assert (verdict.word, verdict.pairs_needed) == (expected, None)


def test_an_undecided_claim_needs_more_pairs_than_it_has() -> None:
    table = make_table(PAPER, noise=0.4)
    undecided = [v for v in judge(load_claims(), table) if v.word == "undecided" and v.claim.kind != "rate"]
    assert undecided
    assert all(verdict.pairs_needed is None or verdict.pairs_needed >= 3 for verdict in undecided)


def test_with_the_pairs_needed_most_studies_would_decide() -> None:
    """The power is 80 % for the observed effect and deviation, simulated with that many pairs."""
    study = with_pairs(load("fig8"), 6)
    table = make_table(study, lambda variant, _: 0.3 if variant == "gaussian-pyramid" else 0.0, noise=0.5, seed=3)
    claim = next(claim for claim in load_claims() if claim.id == "pyramids")
    claim = claim.model_copy(update={"metrics": ("patches",)})
    verdict = next(verdict for verdict in judge([claim], table) if verdict.optimizer == "robust")
    assert verdict.word == "undecided"
    assert verdict.pairs_needed is not None
    (finding,) = verdict.findings
    assert not finding.region.contains(finding.effect), "the observed effect is that of the other side"
    random = np.random.default_rng(1)
    samples = random.normal(finding.effect, finding.deviation, (400, verdict.pairs_needed))
    level = verdict.level
    decided = [stats.ttest_1samp(sample, 0, alternative="greater").pvalue < level for sample in samples]
    assert 0.7 < np.mean(decided) < 0.9


def test_a_claim_about_variants_that_the_study_does_not_have_is_untested_and_not_counted() -> None:
    table = make_table(with_pairs(load("fig8"), 8), lambda variant, _: -0.3 * (variant == "gaussian-pyramid"))
    assert judge_claim("npnd", table).word == "untested"
    known = [claim for claim in load_claims() if claim.id in ("pyramids", "pooled-pyramids", "explosions")]
    among_all = {(v.claim.id, v.optimizer): v.p for v in judge(load_claims(), table) if v.claim in known}
    alone = {(v.claim.id, v.optimizer): v.p for v in judge(known, table)}
    assert among_all == pytest.approx(alone)


def test_claims_across_optimizers() -> None:
    def effect(variant: str, optimizer: str) -> float:
        return 1.0 if (variant, optimizer) == ("gaussian-0.015", "paper") else 0.0

    table = make_table(with_pairs(load("fig4"), 8), effect)
    assert judge_claim("optimizer", table).word == "supported"
    assert judge_claim("loss-scale", table).word == "supported"
    words = [judge_claim("he-gaussian", table, name).word for name in ("paper", "robust")]
    assert words == ["supported", "contradicted"]


@pytest.mark.parametrize(("rate", "expected"), [(0.03, "supported"), (0.5, "contradicted"), (0.0, "contradicted")])
def test_a_claim_about_the_rate_of_explosions(rate: float, expected: str) -> None:
    """The interval is that of Clopper and Pearson, here from the beta distribution."""
    verdict = judge_claim("explosions", make_table(PAPER, restart_rate=rate))
    assert verdict.word == expected
    (finding,) = verdict.findings
    count = round(finding.effect * finding.number)
    exact = stats.beta.ppf([0.025, 0.975], [count, count + 1], [finding.number - count + 1, finding.number - count])
    assert finding.high == pytest.approx(exact[1], rel=1e-6)


def test_equivalence_is_contradicted_where_the_interval_lies_outside_the_region() -> None:
    claim = Claim(id="x", section="", statement="", kind="equivalent", subject=("npnd-71",), reference=("npnd",))
    for ratio, expected in ((1.1, "supported"), (1.25 * 1.3, "contradicted"), (1 / 1.7, "contradicted")):
        effects = {"npnd-71": math.log(ratio)}
        table = make_table(with_pairs(load("fig6"), 6), lambda name, _, known=effects: known.get(name, 0.0), noise=0.02)  # type: ignore[misc]
        verdict = next(verdict for verdict in judge([claim], table) if verdict.optimizer == "robust")
        assert verdict.word == expected
        finding = verdict.findings[0]
        assert math.exp(finding.effect) == pytest.approx(ratio, rel=0.05)
        if expected == "contradicted":
            assert finding.low > math.log(1.25) or finding.high < -math.log(1.25)


def test_all_metrics_must_support_a_claim_and_one_can_contradict_it() -> None:
    """SSIM is 0.5 - value / 10, so a ratio of 2 is beyond the margin of distances and within that of SSIM."""
    claim = Claim(
        id="x",
        section="",
        statement="",
        kind="equivalent",
        subject=("npnd-71",),
        reference=("npnd",),
        metrics=("patches", "ssim"),
    )
    table = make_table(with_pairs(load("fig6"), 8), lambda name, _: 0.2 * (name == "npnd-71"), noise=0.01)
    assert judge([claim], table)[0].word == "supported"
    table = make_table(with_pairs(load("fig6"), 8), lambda name, _: 0.4 * (name == "npnd-71"), noise=0.01)
    verdict = judge([claim], table)[0]
    assert verdict.word == "contradicted"
    assert p_inside(np.array([0.04, 0.041, 0.039]), verdict.findings[1].region) < 0.05, "SSIM alone agrees"


def test_nothing_is_decided_between_two_looks() -> None:
    study = with_pairs(load("fig8"), 16).model_copy(update={"looks": (6, 12)})
    claim = next(claim for claim in load_claims() if claim.id == "pyramids")

    def word(finished: int) -> str:
        table = make_table(study, lambda name, _: -0.5 * (name == "gaussian-pyramid"), finished_pairs=finished)
        return judge([claim], table)[0].word

    assert [word(number) for number in (2, 5, 6, 16)] == ["untested", "undecided", "supported", "supported"]


def test_more_pairs_never_raise_p() -> None:
    """The smallest p of all looks counts, so a claim that is decided stays decided."""
    study = with_pairs(load("fig8"), 24).model_copy(update={"looks": (6, 12, 24)})
    claim = next(claim for claim in load_claims() if claim.id == "pyramids")
    ps = []
    for finished in (6, 12, 24):
        table = make_table(study, noise=0.3, finished_pairs=finished)
        evidence = collect_evidence(claim, table, "robust")
        ps.append((evidence.p, evidence.p_opposite))
    for earlier, later in pairwise(ps):
        assert later[0] <= earlier[0]
        assert later[1] <= earlier[1]
