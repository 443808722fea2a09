"""Which cells to run next, so that as many claims as possible are decided in the time that is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from statistics import fmean

from barestyle.study.cell import Cell
from barestyle.study.claims import Claim
from barestyle.study.findings import list_cells
from barestyle.study.statistics import power_of_test, spending_weights
from barestyle.study.table import Table
from barestyle.study.verdicts import Verdict, is_in_study, sides_outside

UNKNOWN_CHANCE = 0.5
"""Assumed chance of a decision for a claim without results."""

MOST_PAIRS = 100
"""A claim that needs more pairs, and more than the study has, is not tested with more of them."""

UNKNOWN_SECONDS = 1.0
"""Assumed duration of a cell while no cell has run; only relations between durations matter."""


@dataclass(frozen=True)
class Proposal:
    """The cells that would complete the next look of a claim.

    Attributes:
        claim, optimizer: which claim.
        look: number of pairs.
        cells: to be run.
        chance: that the claim is then decided.
        seconds: that the cells take on one worker.
    """

    claim: Claim
    optimizer: str
    look: int
    cells: tuple[Cell, ...]
    chance: float
    seconds: float

    @property
    def value(self) -> float:
        """Expected decisions for each second of work."""
        return self.chance / max(self.seconds, 1e-9)


def choose_cells(verdicts: Sequence[Verdict], table: Table, *, at_least: int) -> list[Cell]:
    """Return the cells of the most valuable next looks of undecided claims; empty if nothing is left to run.

    Args:
        verdicts: on all claims of the study.
        table: of the study.
        at_least: how many cells to return, if there are as many, so that no worker waits.
    """
    proposals = sorted(propose(verdicts, table), key=lambda proposal: proposal.value, reverse=True)
    chosen: dict[str, Cell] = {}
    for proposal in proposals:
        chosen.update({cell.key: cell for cell in proposal.cells})
        if len(chosen) >= at_least:
            break
    return list(chosen.values())


def propose(verdicts: Sequence[Verdict], table: Table) -> list[Proposal]:
    """Return a proposal for every undecided claim whose next look is not complete and may decide it."""
    duration = _Durations(table)
    proposals = []
    for verdict in verdicts:
        if verdict.word in ("supported", "contradicted") or is_out_of_reach(verdict, table):
            continue
        names = list_cells(verdict.claim, table, verdict.optimizer)
        ended = table.count_ended_pairs(names)
        look = next((look for look in table.study.all_looks if look > ended), None)
        if look is None or not is_in_study(verdict.claim, table, verdict.optimizer):
            continue
        cells = _waiting_cells(names, table, look)
        seconds = sum(duration.of(cell) for cell in cells)
        looks = table.study.all_looks
        chance = chance_of_decision(verdict, look, spending_weights(looks)[looks.index(look)])
        proposals.append(Proposal(verdict.claim, verdict.optimizer, look, tuple(cells), chance, seconds))
    return proposals


def is_out_of_reach(verdict: Verdict, table: Table) -> bool:
    """Return whether an undecided claim needs many more pairs than the study has, if the observed effects are the true
    ones. To stop for that reason adds no wrong verdicts, as it only leaves claims undecided.
    """
    if verdict.word != "undecided":
        return False
    needed: float | None = verdict.pairs_needed
    if needed is not None and verdict.claim.kind == "rate":  # in runs
        ended = table.count_ended_pairs(list_cells(verdict.claim, table, verdict.optimizer))
        needed *= ended / max(1, verdict.findings[0].number)
    return needed is None or needed > max(MOST_PAIRS, len(table.study.pairs))


def chance_of_decision(verdict: Verdict, look: int, share: float) -> float:
    """Return about the probability that a claim is decided by `look` pairs, if the observed effects are the true ones.

    `share` is that of the error which this look may spend. All metrics whose effects lie inside the claim's region have
    to show it; of those outside, one is enough.
    """
    findings = verdict.findings
    if verdict.claim.kind == "rate" or not findings or not all(finding.is_tested for finding in findings):
        return UNKNOWN_CHANCE
    outside = [finding for finding in findings if not finding.region.contains(finding.effect)]
    level = verdict.level * share / (len(findings) if outside else 1)
    chances = [
        power_of_test(finding.region.distance(finding.effect), finding.deviation, look, level / sides_outside(finding))
        for finding in outside or findings
    ]
    return max(chances) if outside else min(chances)


def _waiting_cells(names: Sequence[tuple[str, str]], table: Table, look: int) -> list[Cell]:
    """Return the waiting cells of variants on the first `look` pairs, pair by pair."""
    cells: dict[str, Cell] = {}
    for pair, name in product(table.study.pairs[:look], names):
        for (content, style, _), result in table.find_all(*name).items():
            if (content, style) == (pair.content, pair.style) and result.state == "waiting":
                cells[result.cell.key] = result.cell
    return list(cells.values())


class _Durations:
    """Seconds that cells are expected to take: the mean of done cells with the same spec, or of all."""

    def __init__(self, table: Table) -> None:
        seconds: dict[str, list[float]] = {}
        for result in table.results:
            if result.state == "done":
                seconds.setdefault(result.cell.spec.digest, []).append(result.seconds)
        self._by_digest = {digest: fmean(each) for digest, each in seconds.items()}
        self._mean = fmean(self._by_digest.values()) if seconds else UNKNOWN_SECONDS

    def of(self, cell: Cell) -> float:
        return self._by_digest.get(cell.spec.digest, self._mean)
