"""Tables of invented results with known differences between variants."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from barestyle.study.cell import Cell, CellResult
from barestyle.study.claims import load_claims
from barestyle.study.declaration import Pair, Study
from barestyle.study.findings import NAMED_OPTIMIZERS
from barestyle.study.table import Table, comparison_name
from barestyle.study.verdicts import Verdict, judge
from barestyle.study.visibility import missing_comparisons

METRICS = {
    "held-out": {"label": "", "reference": "style", "scale": "distance"},
    "patches": {"label": "", "reference": "style", "scale": "distance"},
    "ssim": {"label": "", "reference": "content", "scale": "similarity"},
}
Effect = Callable[[str, str], float]


def no_effect(_variant: str, _optimizer: str) -> float:
    return 0.0


def with_pairs(study: Study, number: int) -> Study:
    """The study with so many invented pairs."""
    pairs = tuple(Pair(content=f"content-{i}", style=f"style-{i}") for i in range(number))
    return study.model_copy(update={"pairs": pairs})


def make_table(
    study: Study,
    effect: Effect = no_effect,
    *,
    noise: float = 0.05,
    restart_rate: float = 0.0,
    seed: int = 0,
    finished_pairs: int | None = None,
    visible_ratio: float = 2.0,
) -> Table:
    """Results in which a variant with an optimizer is worse by `effect` (a logarithm), plus seeded noise.

    Every pair has a level that is ten times larger than the noise, which pairing has to remove. Only the first
    `finished_pairs` have results. Images of two variants differ by `visible_ratio` times as much as those of two seeds.
    """
    random = np.random.default_rng(seed)
    levels = {pair.content: random.normal(0, 10 * noise) for pair in study.pairs}
    results: dict[tuple[str, str, int], CellResult] = {}
    for variant in study.variants:
        for optimizer in study.optimizers:
            spec = study.build_spec(variant, optimizer)
            for i, pair in enumerate(study.pairs):
                for each in study.seeds_of(variant.variant, spec):
                    key = (spec.digest, pair.content, each)
                    value = effect(variant.variant, optimizer.name) + levels[pair.content]
                    distance = math.exp(value + random.normal(0, noise) - 3)
                    cell = Cell(key=str(key), content=pair.content, style=pair.style, spec=spec, seed=each, names=())
                    result = CellResult(
                        cell=cell,
                        state="done",
                        scores={"held-out": distance, "patches": distance * 2, "ssim": 0.5 - value / 10},
                        evaluations=1,
                        restarts=int(random.random() < restart_rate),
                        seconds=1.0,
                        has_image=True,
                    )
                    is_finished = finished_pairs is None or i < finished_pairs
                    results.setdefault(key, result if is_finished else CellResult(cell=cell, state="waiting"))
    table = Table(study, tuple(results.values()), METRICS)
    comparisons = {
        comparison_name(first, second): 0.2 * (visible_ratio if first.cell.spec != second.cell.spec else 1.0)
        for first, second in missing_comparisons(load_claims(), table)
    }
    return replace(table, comparisons=comparisons)


def judge_claim(name: str, table: Table, optimizer: str = "robust") -> Verdict:
    """The verdict on a shipped claim, tested alone."""
    claim = next(claim for claim in load_claims() if claim.id == name)
    return next(v for v in judge([claim], table) if v.optimizer in (optimizer, NAMED_OPTIMIZERS))
