"""Error rates of the rule of verdicts, simulated with noise for which the truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from barestyle.study.adaptive import choose_cells
from barestyle.study.calibration import calibrate, seed_differences
from barestyle.study.cell import CellResult
from barestyle.study.claims import RATIO_MARGIN, load_claims
from barestyle.study.regions import claim_region, p_inside, p_outside
from barestyle.study.statistics import LEVEL, FloatArray, spending_weights
from barestyle.study.verdicts import judge
from barestyle.study.yaml_loader import load
from tests.study.tables import make_table, with_pairs

LOOKS = (8, 16, 32)
STUDIES = 4000
TOLERANCE = 3 * (LEVEL * (1 - LEVEL) / STUDIES) ** 0.5
"""Three standard errors of a share of LEVEL among STUDIES."""


def draw(effect: float, seed: int) -> FloatArray:
    """Noise with heavy tails around an effect, for so many studies of 32 pairs."""
    noise: FloatArray = np.random.default_rng(seed).standard_t(5, (STUDIES, LOOKS[-1])) * 0.2
    return noise + effect


def share_decided_wrongly(values: FloatArray, kind: str, weights: list[float]) -> float:
    """Studies of one claim that stop at the first look with a verdict, which is wrong at the bound in either case."""
    region = claim_region(kind, RATIO_MARGIN)
    stopped = np.zeros(STUDIES, dtype=bool)
    for look, weight in zip(LOOKS, weights, strict=True):
        seen = values[:, :look]
        p = 2 * np.minimum(p_inside(seen, region), p_outside(seen, region)) / weight
        stopped |= p <= LEVEL
    return float(stopped.mean())


@pytest.mark.parametrize(("kind", "sign"), [("better", -1), ("worse", 1), ("no-better", -1), ("equivalent", 1)])
def test_stopping_at_the_first_verdict_keeps_the_error_rate(kind: str, sign: int) -> None:
    """At the bound of the region, where an error is most likely."""
    values = draw(sign * RATIO_MARGIN, seed=1)
    assert share_decided_wrongly(values, kind, spending_weights(LOOKS)) <= LEVEL + TOLERANCE


def test_without_spending_the_error_rate_would_be_exceeded() -> None:
    values = draw(-RATIO_MARGIN, seed=1)
    assert share_decided_wrongly(values, "better", [1.0] * len(LOOKS)) > LEVEL + TOLERANCE


@pytest.mark.parametrize("looks", [(32,), LOOKS])
def test_false_discoveries_stay_below_the_level_for_every_planted_effect(looks: tuple[int, ...]) -> None:
    random = np.random.default_rng(2)
    samples = [random.standard_t(5, 32) * scale for scale in np.linspace(0.1, 0.3, 8)]
    rates = {round(each.effect, 3): each for each in calibrate(samples, looks)}
    for each in rates.values():
        assert each.false_discoveries <= LEVEL + 0.01, "simulated with 200 studies"
        assert 0 <= each.right + each.wrong <= 1
    assert rates[1.0].right > 0.8, "no effect is recognized"
    assert rates[0.512].right > 0.8, "and so is a large one"
    assert rates[0.8].right == 0.0, "at the bound no verdict is right"


def test_the_null_study_is_made_of_differences_between_two_seeds() -> None:
    study = with_pairs(load("fig8"), 6).model_copy(update={"seeds": (3, 4)})
    table = make_table(study, lambda variant, _: 5.0 * (variant == "gaussian-pyramid"), noise=0.1)
    samples = seed_differences(table)
    specs = {spec.digest for spec in table.specs.values() if spec.network.is_random}
    assert len(samples) == len(specs) * 2, "for each network, two style metrics"
    assert {len(sample) for sample in samples} == {6}
    assert 0.08 < np.std(np.concatenate(samples)) < 0.2, "two seeds differ by noise alone, of which there are two parts"
    assert seed_differences(make_table(study.model_copy(update={"seeds": (3,)}))) == []


def test_running_until_decided_gives_right_verdicts_with_fewer_cells() -> None:
    """The results of the cells that are chosen are revealed one batch after the other."""
    study = with_pairs(load("fig8"), 32).model_copy(update={"looks": LOOKS, "seeds": (0,)})
    effects = {"gaussian-pyramid": -1.0, "gaussian-pyramid-pooled": 0.3}
    full = make_table(study, lambda variant, _: effects.get(variant, 0.0), noise=0.3)
    claims = [claim for claim in load_claims() if claim.id in ("pyramids", "pooled-pyramids")]
    known: set[str] = set()

    def hide(result: CellResult) -> CellResult:
        return result if result.cell.key in known else CellResult(cell=result.cell, state="waiting")

    while True:
        table = replace(full, results=tuple(hide(result) for result in full.results))
        verdicts = judge(claims, table)
        cells = choose_cells(verdicts, table, at_least=16)
        assert not known & {cell.key for cell in cells}
        if not cells:
            break
        known.update(cell.key for cell in cells)
    words = {(verdict.claim.id, verdict.optimizer): verdict.word for verdict in verdicts}
    assert words["pyramids", "robust"] == words["pyramids", "paper"] == "supported"
    assert all(word == "supported" for word in words.values())
    assert len(known) < 0.7 * len(full.results)
