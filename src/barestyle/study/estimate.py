"""How long a study will take, from a few evaluations of each of its networks."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from barestyle.images import read, target_size
from barestyle.metrics import MetricInputs, compute, select
from barestyle.run.progress import Progress
from barestyle.run.runner import transfer
from barestyle.spec import PaperLBFGS, Spec, with_settings
from barestyle.study.cell import Cell, is_trained
from barestyle.study.resolve import Prepared

PER_STEP = 1.05
"""Evaluations that the line search needs for a step, on the pictures of the shipped studies."""

CALIBRATION: dict[str, Any] = {"optimizer": "lbfgs", "optimizer.steps": 2}


@dataclass(frozen=True)
class Line:
    """Cells of one network, or of variants that share it: how many, their evaluations in all, and seconds."""

    variants: tuple[str, ...]
    cells: int
    evaluations: int
    seconds: float


@dataclass(frozen=True)
class Estimate:
    """What is to be run, line by line, with one worker on this machine; calibration is what the estimate took."""

    lines: tuple[Line, ...]
    calibration: float

    @property
    def cells(self) -> int:
        return sum(line.cells for line in self.lines)

    @property
    def evaluations(self) -> int:
        return sum(line.evaluations for line in self.lines)

    @property
    def seconds(self) -> float:
        return sum(line.seconds for line in self.lines)


def estimate(ready: Prepared, waiting: Iterable[Cell]) -> Estimate:
    """Time a few evaluations of each kind of network on its first pair, and the metrics once; count the rest."""
    began = time.perf_counter()
    each: dict[str, float] = {}
    scoring = 0.0
    grouped: dict[tuple[str, ...], list[Cell]] = {}
    for cell in waiting:
        grouped.setdefault(cell.variants, []).append(cell)
    lines = []
    for variants, cells in grouped.items():
        scoring = scoring or _seconds_of_scoring(ready, cells[0])
        seconds = [planned_evaluations(cell.spec) * _seconds_of_one(ready, cell, each) + scoring for cell in cells]
        evaluations = sum(planned_evaluations(cell.spec) for cell in cells)
        lines.append(Line(variants, len(cells), evaluations, sum(seconds)))
    return Estimate(tuple(lines), time.perf_counter() - began)


def planned_evaluations(spec: Spec) -> int:
    """About how many evaluations a whole run makes."""
    optimizer = spec.optimizer
    if isinstance(optimizer, PaperLBFGS):
        return optimizer.steps * optimizer.iterations_per_step + 1
    return round(optimizer.steps * PER_STEP) + 1


def _seconds_of_one(ready: Prepared, cell: Cell, known: dict[str, float]) -> float:
    """Seconds of an evaluation of a cell's loss and gradient, measured once for each kind of network."""
    kind = cell.spec.network.model_dump_json() + cell.spec.style_loss.kind
    if kind not in known:
        settings = dict(CALIBRATION)
        if is_trained(cell.spec):
            settings["network.trained_file"] = str(ready.weights)
        seen: list[Progress] = []
        content, style = ready.pictures[cell.pair.content].path, ready.pictures[cell.pair.style].path
        transfer(
            content,
            style,
            with_settings(cell.spec, settings),
            seed=cell.seed,
            precision="float32",
            on_progress=seen.append,
        )
        # From the first iterate on: before it come reading, building and the first use of everything.
        known[kind] = (seen[-1].seconds - seen[0].seconds) / max(1, seen[-1].evaluations - seen[0].evaluations)
    return known[kind]


def _seconds_of_scoring(ready: Prepared, cell: Cell) -> float:
    """Seconds of measuring a result by all of the study's metrics."""
    pictures = [read(ready.pictures[name].path) for name in (cell.pair.content, cell.pair.style)]
    content, style = (one.at(*target_size(one.height, one.width, ready.study.size)).pixels for one in pictures)
    judged = MetricInputs(content, content, style, ready.weights)
    compute(judged, select(ready.metrics))  # the first use loads networks
    began = time.perf_counter()
    compute(judged, select(ready.metrics))
    return time.perf_counter() - began
