"""Tables of invented results with known differences between variants."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from barestyle.study.cell import Cell, CellResult
from barestyle.study.claims import load_claims
from barestyle.study.declaration import Study
from barestyle.study.findings import NAMED_OPTIMIZERS
from barestyle.study.table import Table
from barestyle.study.verdicts import Verdict, judge

METRICS = {
    "held-out": {"label": "", "reference": "style", "scale": "distance"},
    "patches": {"label": "", "reference": "style", "scale": "distance"},
    "ssim": {"label": "", "reference": "content", "scale": "similarity"},
}
Effect = Callable[[str, str], float]


def no_effect(_variant: str, _optimizer: str) -> float:
    return 0.0


def make_table(study: Study, effect: Effect = no_effect, *, noise: float = 0.05, restart_rate: float = 0.0) -> Table:
    """Results in which a variant with an optimizer is worse by `effect` (a logarithm), plus seeded noise.

    Every pair has a level that is ten times larger than the noise, which pairing has to remove.
    """
    random = np.random.default_rng(0)
    levels = {pair.content: random.normal(0, 10 * noise) for pair in study.pairs}
    results: dict[tuple[str, str, int], CellResult] = {}
    for variant in study.variants:
        for optimizer in study.optimizers:
            spec = study.build_spec(variant, optimizer)
            for pair in study.pairs:
                for seed in study.seeds if spec.network.is_random else study.seeds[:1]:
                    key = (spec.digest, pair.content, seed)
                    value = effect(variant.variant, optimizer.name) + levels[pair.content]
                    distance = math.exp(value + random.normal(0, noise) - 3)
                    result = CellResult(
                        cell=Cell(key=str(key), content=pair.content, style=pair.style, spec=spec, seed=seed, names=()),
                        state="done",
                        number=len(results),
                        scores={"held-out": distance, "patches": distance * 2, "ssim": 0.5 - value / 10},
                        evaluations=1,
                        restarts=int(random.random() < restart_rate),
                        seconds=1.0,
                    )
                    results.setdefault(key, result)
    return Table(study, tuple(results.values()), METRICS)


def judge_claim(name: str, table: Table, optimizer: str = "robust") -> Verdict:
    """The verdict on a shipped claim, tested alone."""
    claim = next(claim for claim in load_claims() if claim.id == name)
    return next(v for v in judge([claim], table) if v.optimizer in (optimizer, NAMED_OPTIMIZERS))
