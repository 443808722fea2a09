"""How long a study will take, from a few evaluations of each of its networks."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from barestyle.job import transfer
from barestyle.spec import PaperLBFGS, Spec, with_settings
from barestyle.study.begin import Prepared
from barestyle.study.cells import Cell, is_trained

PER_STEP = 1.05
"""Evaluations that the line search needs for a step, on the pictures of the shipped studies."""

CALIBRATION: dict[str, Any] = {"optimiser": "lbfgs", "optimiser.steps": 2}


@dataclass(frozen=True)
class Estimate:
    """Cells, evaluations and seconds on this machine with one worker; calibration is what the estimate took."""

    cells: int
    evaluations: int
    seconds: float
    calibration: float


def estimate(ready: Prepared, waiting: Iterable[Cell]) -> Estimate:
    """Time two evaluations of each kind of network on its first pair, and count the rest."""
    began = time.perf_counter()
    each: dict[str, float] = {}
    evaluations, seconds, number = 0, 0.0, 0
    for cell in waiting:
        kind = cell.spec.network.model_dump_json() + cell.spec.style_loss.kind
        if kind not in each:
            each[kind] = _seconds_of_one(ready, cell)
        planned = planned_evaluations(cell.spec)
        number += 1
        evaluations += planned
        seconds += planned * each[kind]
    return Estimate(number, evaluations, seconds, time.perf_counter() - began)


def planned_evaluations(spec: Spec) -> int:
    """About how many evaluations a whole run makes."""
    optimiser = spec.optimiser
    if isinstance(optimiser, PaperLBFGS):
        return optimiser.steps * optimiser.iterations_per_step + 1
    return round(optimiser.steps * PER_STEP) + 1


def _seconds_of_one(ready: Prepared, cell: Cell) -> float:
    """Seconds of an evaluation of a cell's loss and gradient, measured."""
    settings = dict(CALIBRATION)
    if is_trained(cell.spec):
        settings["network.trained_file"] = str(ready.weights)
    content, style = ready.pictures[cell.pair.content].path, ready.pictures[cell.pair.style].path
    result = transfer(content, style, with_settings(cell.spec, settings), seed=cell.seed)
    return result.seconds / result.evaluations
