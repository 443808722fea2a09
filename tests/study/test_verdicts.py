"""Verdicts on made-up results whose truth is known, and the statistics against second implementations."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from scipy import stats

from barestyle.stop_reasons import StopReason
from barestyle.study.claims import RATIO_MARGIN, Claim, claims
from barestyle.study.declaration import Study
from barestyle.study.rows import Row
from barestyle.study.statistics import above, below, holm, interval
from barestyle.study.table import Table
from barestyle.study.verdicts import Verdict, verdicts
from barestyle.study.yaml_loader import load

METRICS = {
    "held-out": {"better": "lower", "label": "", "of": "style"},
    "patches": {"better": "lower", "label": "", "of": "style"},
    "ssim": {"better": "higher", "label": "", "of": "content"},
}
Effect = Callable[[str, str], float]


def made_up(study: Study, effect: Effect, *, noise: float = 0.05, restarts: float = 0.0) -> Table:
    """Results in which a variant under an optimizer is `effect` (a logarithm) worse, give or take seeded noise.

    Every pair has a level of its own, ten times as large as the noise, which pairing has to take out.
    """
    random = np.random.default_rng(0)
    levels = {pair.content: random.normal(0, 10 * noise) for pair in study.pairs}
    rows: dict[tuple[str, str, int], Row] = {}
    for variant in study.variants():
        for optimizer in study.optimizers:
            spec = study.spec(variant, optimizer)
            for pair in study.pairs:
                for seed in study.seeds if spec.network.is_drawn else study.seeds[:1]:
                    key = (spec.digest, pair.content, seed)
                    value = effect(variant.variant, optimizer.name) + levels[pair.content]
                    distance = math.exp(value + random.normal(0, noise) - 3)
                    rows.setdefault(
                        key,
                        Row(
                            number=len(rows),
                            cell=str(key),
                            digest=spec.digest,
                            content=pair.content,
                            style=pair.style,
                            seed=seed,
                            state="done",
                            scores={"held-out": distance, "patches": distance * 2, "ssim": 0.5 - value / 10},
                            trace=(),
                            evaluations=1,
                            restarts=int(random.random() < restarts),
                            seconds=1.0,
                            reason="",
                        ),
                    )
    return Table(study, tuple(rows.values()), METRICS)


def effect_of(effects: dict[str, float], variant: str, _optimizer: str) -> float:
    return effects.get(variant, 0.0)


def word(name: str, table: Table, optimizer: str = "robust") -> Verdict:
    (claim,) = (one for one in claims() if one.id == name)
    return next(one for one in verdicts([claim], table) if one.optimizer in (optimizer, "both"))


def test_every_claim_speaks_of_variants_and_metrics_that_there_are() -> None:
    paper = load("paper")
    assert len(claims()) >= 16
    assert len({claim.id for claim in claims()}) == len(claims())
    for claim in claims():
        for variant in claim.variants:
            name, _, optimizer = variant.partition("@")
            assert paper.variant(name) is not None, variant
            assert optimizer in {"", *(one.name for one in paper.optimizers)}
        assert claim.kind == "rate" or claim.judges(dict.fromkeys(METRICS, ()))


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
def test_a_known_truth_is_found(name: str, effects: dict[str, float], expected: str) -> None:
    study = load("paper")
    table = made_up(study, lambda variant, _: effects.get(variant, 0.0))
    verdict = word(name, table)
    assert verdict.word == expected
    assert all(finding.number == 12 and finding.needed is None for finding in verdict.findings)


def test_what_no_seed_changes_is_one_observation_a_pair() -> None:
    """Trained networks have one cell a pair; beside a drawn one it stands for every seed, but never alone."""
    table = made_up(load("paper"), lambda *_: 0.0)
    numbers = {name: {finding.number for finding in word(name, table).findings} for name in ("bias-zero", "binarized")}
    assert numbers == {"bias-zero": {4}, "binarized": {12}}


def test_what_passes_alone_but_not_among_many_says_how_much_would_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    """The level that counts is Holm's, so `needed` is never nothing for what is undecided."""
    monkeypatch.setattr("barestyle.study.statistics.RESAMPLES", 50)  # its intervals are not looked at
    table = made_up(load("paper"), lambda *_: 0.0, noise=0.25)
    findings = [one for verdict in verdicts(claims(), table) for one in verdict.findings]
    undecided = [one for one in findings if one.verdict == "undecided" and one.claim.kind != "rate"]
    assert undecided
    assert all(one.needed is not None and one.needed > 0 for one in undecided)


def test_a_metric_that_came_later_judges_only_what_has_it() -> None:
    table = made_up(load("paper"), lambda *_: 0.0)
    later = replace(table, metrics={"vgg": METRICS["held-out"], **METRICS})
    assert [one.metric for one in word("npnd", later).findings] == ["held-out", "patches"]


def test_nobody_is_judged_by_his_own_objective() -> None:
    (claim,) = (one for one in claims() if one.id == "bias-zero")
    assert claim.judges({"vgg": ["original"], "held-out": [], "patches": []}) == ["vgg", "patches"]
    assert claim.judges({"vgg": ["bias-zero"], "held-out": [], "patches": []}) == ["held-out", "patches"]
    assert claim.judges({"vgg": ["bias-zero"], "patches": []}) == ["patches"]


def test_a_study_has_claims_of_its_own() -> None:
    own = Claim(id="diminishing", section="", says="", kind="worse", subject=("npnd-4",), reference=("npnd",))
    new = own.model_copy(update={"id": "new"})
    assert [one.id for one in claims([own, new])] == [*(one.id for one in claims()), "new"]
    assert {one.id: one for one in claims([own, new])}["diminishing"] == own


def test_noise_leaves_it_undecided_and_says_how_much_would_decide() -> None:
    """With 80 % power at the effect that is seen; simulated with that many cells, most runs decide."""
    study = load("fig8")
    table = made_up(study, lambda variant, _: -0.1 if variant == "gaussian-pyramid" else 0.0, noise=0.5)
    verdict = word("pyramids", table)
    assert verdict.word == "undecided"
    finding = verdict.findings[0]
    assert finding.needed is not None
    assert finding.needed > 0
    total = finding.number + finding.needed
    spread = abs(finding.effect / finding.standardized)
    random = np.random.default_rng(1)
    level = 0.05 / len(verdict.findings)  # the strictest of Holm's
    decided = [below(random.normal(-abs(finding.effect), spread, total), 0) < level for _ in range(400)]
    assert 0.7 < np.mean(decided) < 0.9


def test_variants_that_a_study_lacks_leave_a_claim_untested() -> None:
    table = made_up(load("fig8"), lambda *_: 0.0)
    assert word("npnd", table).word == "untested"
    assert word("pyramids", table).word != "untested"


def test_a_claim_across_optimizers() -> None:
    def effect(variant: str, optimizer: str) -> float:
        return 1.0 if (variant, optimizer) == ("gaussian-0.015", "paper") else 0.0

    table = made_up(load("fig4"), effect)
    assert word("optimizer", table).word == "supported"
    assert word("loss-scale", table).word == "supported"
    assert [word("he-gaussian", table, name).word for name in ("paper", "robust")] == ["supported", "contradicted"]


@pytest.mark.parametrize(("share", "expected"), [(0.03, "supported"), (0.5, "contradicted"), (0.0, "undecided")])
def test_the_share_of_explosions(share: float, expected: str) -> None:
    table = made_up(load("paper"), lambda *_: 0.0, restarts=share)
    verdict = word("explosions", table)
    assert verdict.word == expected
    (finding,) = verdict.findings
    count = round(finding.effect * finding.number)
    exact = stats.beta.ppf([0.025, 0.975], [count, count + 1], [finding.number - count + 1, finding.number - count])
    assert finding.high == pytest.approx(exact[1], rel=1e-6), "Clopper and Pearson's interval, by the beta distribution"


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
    table = made_up(load("paper"), lambda *_: 0.0)
    reason = "another sentence" if counts else "the loss became infinite or NaN"
    rows = tuple(replace(row, state=state, stop_reason=stop_reason, reason=reason) for row in table.rows)
    (finding,) = word("explosions", replace(table, rows=rows)).findings
    assert finding.number > 0
    assert finding.effect == (1.0 if counts else 0.0)


def test_holm_is_what_its_definition_says() -> None:
    ps = [0.01, 0.04, 0.03, 0.005]
    assert holm(ps) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []


def test_one_sided_tests_against_the_t_distribution() -> None:
    values = np.random.default_rng(3).normal(0.1, 0.2, 12)
    t = (values.mean() - 0.05) / (values.std(ddof=1) / math.sqrt(12))
    assert above(values, 0.05) == pytest.approx(1 - stats.t.cdf(t, 11))
    assert above(values, 0.05) + below(values, 0.05) == pytest.approx(1)
    same = np.full(5, 0.1)
    assert (above(same, 0.0), above(same, 0.2)) == (0.0, 1.0)


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    random = np.random.default_rng(4)
    covered = [low <= 0.3 <= high for low, high in (interval(random.normal(0.3, 1, 24)) for _ in range(100))]
    assert 0.85 <= np.mean(covered) <= 1.0


def test_margins_are_ratios() -> None:
    claim = Claim(id="x", section="", says="", kind="equivalent", subject=("npnd-71",), reference=("npnd",))
    for ratio, expected in ((1.1, "supported"), (1.25 * 1.3, "contradicted")):
        effects = {"npnd-71": math.log(ratio)}
        table = made_up(load("fig6"), partial(effect_of, effects), noise=0.02)
        verdict = next(one for one in verdicts([claim], table) if one.optimizer == "robust")
        assert verdict.word == expected
        assert math.exp(verdict.findings[0].effect) == pytest.approx(ratio, rel=0.05)
    assert math.exp(RATIO_MARGIN) == pytest.approx(1.25)
