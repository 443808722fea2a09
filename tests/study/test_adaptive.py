"""Which cells are run next: those that decide most claims for a second of work."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from barestyle.study.adaptive import choose_cells, propose
from barestyle.study.claims import Claim, load_claims
from barestyle.study.declaration import Pair, Study
from barestyle.study.table import Table
from barestyle.study.verdicts import judge
from barestyle.study.yaml_loader import load
from tests.study.tables import Effect, make_table, no_effect, with_pairs

STUDY = with_pairs(load("fig8"), 12).model_copy(update={"looks": (3, 6, 12), "seeds": (0,)})
CLAIMS = [claim for claim in load_claims() if claim.id in ("pyramids", "pooled-pyramids")]


def make(finished: int, effect: Effect = no_effect, *, noise: float = 0.3, study: Study = STUDY) -> Table:
    return make_table(study, effect, noise=noise, finished_pairs=finished)


def test_the_first_look_of_every_claim_comes_first() -> None:
    table = make(0)
    proposals = propose(judge(CLAIMS, table), table)
    assert {(each.claim.id, each.optimizer, each.look) for each in proposals} == {
        (claim.id, optimizer, 3) for claim in CLAIMS for optimizer in ("paper", "robust")
    }
    counts = {each.claim.id: len(each.cells) for each in proposals}
    assert counts == {"pyramids": 2 * 3, "pooled-pyramids": 4 * 3}, "each variant on each pair, with one seed"


def test_the_next_look_has_only_the_cells_that_are_missing() -> None:
    table = make(4)
    for proposal in propose(judge(CLAIMS, table), table):
        assert proposal.look == 6
        pairs = Counter(cell.content for cell in proposal.cells)
        assert set(pairs) == {"content-4", "content-5"}


def test_decided_claims_are_left_alone() -> None:
    table = make(3, lambda variant, _: -2.0 * (variant == "gaussian-pyramid"), noise=0.01)
    verdicts = judge(CLAIMS[:1], table)
    assert {verdict.word for verdict in verdicts} == {"supported"}
    assert choose_cells(verdicts, table, at_least=100) == []


@pytest.mark.parametrize(
    ("needed", "pairs", "goes_on"),
    [(100, 12, True), (101, 12, False), (None, 12, False), (101, 101, True), (102, 101, False)],
)
def test_claims_out_of_reach_are_left_alone(needed: int | None, pairs: int, goes_on: bool) -> None:
    study = with_pairs(STUDY, pairs).model_copy(update={"looks": (3, 6, pairs)})
    table = make(3, noise=1.0, study=study)
    verdicts = [replace(verdict, pairs_needed=needed) for verdict in judge(CLAIMS, table)]
    assert {verdict.word for verdict in verdicts} == {"undecided"}
    assert bool(choose_cells(verdicts, table, at_least=100)) == goes_on


def test_after_the_last_look_nothing_is_left() -> None:
    table = make(12)
    assert propose(judge(CLAIMS, table), table) == []


def test_cheap_decisions_come_before_expensive_ones() -> None:
    """The same chance for a tenth of the time is worth ten times as much."""
    table = make(0)
    slow = {table.specs["gaussian-pyramid-pooled", "paper"].digest}
    elsewhere = STUDY.model_copy(update={"pairs": (Pair(content="elsewhere", style="elsewhere"),), "looks": ()})
    durations = tuple(
        result.model_copy(update={"seconds": 100.0 if result.cell.spec.digest in slow else 1.0})
        for result in make_table(elsewhere).results
    )
    timed = replace(table, results=(*table.results, *durations))
    proposals = {(each.claim.id, each.optimizer): each for each in propose(judge(CLAIMS, timed), timed)}
    assert proposals["pyramids", "paper"].seconds == pytest.approx(6.0)
    assert proposals["pyramids", "paper"].value > 10 * proposals["pooled-pyramids", "paper"].value
    chosen = choose_cells(judge(CLAIMS, timed), timed, at_least=1)
    assert {cell.spec.digest for cell in chosen}.isdisjoint(slow)


def test_likely_decisions_come_before_unlikely_ones() -> None:
    """One optimizer shows a large effect, and the other one a smaller one."""

    def effect(variant: str, optimizer: str) -> float:
        return {"paper": -0.5, "robust": -0.2}[optimizer] * (variant == "gaussian-pyramid")

    table = make(3, effect, noise=0.3)
    proposals = {each.optimizer: each for each in propose(judge(CLAIMS[:1], table), table)}
    assert proposals["paper"].chance > proposals["robust"].chance


def test_enough_cells_are_chosen_for_all_workers() -> None:
    table = make(0)
    verdicts = judge(CLAIMS, table)
    few, many = (choose_cells(verdicts, table, at_least=number) for number in (1, 20))
    assert len(few) == 6
    assert len(many) >= 20
    assert len({cell.key for cell in many}) == len(many)


def test_a_claim_about_unknown_variants_is_not_run() -> None:
    claim = Claim(id="x", section="", statement="", kind="better", subject=("nowhere",), reference=("npnd",))
    table = make(0)
    assert propose(judge([claim], table), table) == []
