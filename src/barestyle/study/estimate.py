"""An estimate of how long a study takes, from a few evaluations of each of its networks."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from barestyle.images import read, target_size
from barestyle.metrics import MetricInputs, compute, select
from barestyle.run.api import transfer
from barestyle.run.progress import Progress
from barestyle.run.stage_costs import EVALUATIONS_PER_STEP
from barestyle.spec import PaperLBFGS, Spec, with_settings
from barestyle.study.cell import Cell
from barestyle.study.expansion import needs_trained_weights
from barestyle.study.resolve import ResolvedStudy

CALIBRATION: dict[str, Any] = {"optimizer": "lbfgs", "optimizer.steps": 2}


@dataclass(frozen=True)
class EstimateLine:
    """The cells of variants that share a network: their number, evaluations in total, and seconds in total."""

    variants: tuple[str, ...]
    cells: int
    evaluations: int
    seconds: float


@dataclass(frozen=True)
class Estimate:
    """What remains to be run, with one worker on this machine; `calibration` is the seconds that estimating took."""

    lines: tuple[EstimateLine, ...]
    calibration: float

    @property
    def cells(self) -> int:
        """The number of cells."""
        return sum(line.cells for line in self.lines)

    @property
    def evaluations(self) -> int:
        """The number of losses and gradients to compute."""
        return sum(line.evaluations for line in self.lines)

    @property
    def seconds(self) -> float:
        """The duration in seconds."""
        return sum(line.seconds for line in self.lines)


def estimate(resolved: ResolvedStudy, waiting: Iterable[Cell]) -> Estimate:
    """Time a few evaluations of each kind of network and the metrics once; return the total for the waiting cells."""
    start = time.perf_counter()
    seconds_by_kind: dict[str, float] = {}
    scoring = 0.0
    grouped: dict[tuple[str, ...], list[Cell]] = {}
    for cell in waiting:
        grouped.setdefault(cell.variants, []).append(cell)
    lines = []
    for variants, cells in grouped.items():
        scoring = scoring or _time_scoring(resolved, cells[0])
        evaluations = [plan_evaluations(cell.spec) for cell in cells]
        seconds = [
            count * _time_evaluation(resolved, cell, seconds_by_kind) + scoring
            for count, cell in zip(evaluations, cells, strict=True)
        ]
        lines.append(EstimateLine(variants, len(cells), sum(evaluations), sum(seconds)))
    return Estimate(tuple(lines), time.perf_counter() - start)


def plan_evaluations(spec: Spec) -> int:
    """Return about how many evaluations a complete run makes."""
    optimizer = spec.optimizer
    if isinstance(optimizer, PaperLBFGS):
        return optimizer.steps * optimizer.iterations_per_step + 1
    return round(optimizer.steps * EVALUATIONS_PER_STEP) + 1


def _time_evaluation(resolved: ResolvedStudy, cell: Cell, seconds_by_kind: dict[str, float]) -> float:
    """Return the seconds of one evaluation of a cell's loss and gradient, timed once for each kind of network."""
    kind = cell.spec.network.model_dump_json() + cell.spec.style_loss.kind
    if kind not in seconds_by_kind:
        settings = dict(CALIBRATION)
        if needs_trained_weights(cell.spec):
            settings["network.trained_file"] = str(resolved.weights)
        events: list[Progress] = []
        transfer(
            resolved.images[cell.content].path,
            resolved.images[cell.style].path,
            with_settings(cell.spec, settings),
            seed=cell.seed,
            precision="float32",
            on_progress=events.append,
        )
        # From the first iterate on: reading, building and the first use of everything come before it.
        first, last = events[0], events[-1]
        seconds_by_kind[kind] = (last.seconds - first.seconds) / max(1, last.evaluations - first.evaluations)
    return seconds_by_kind[kind]


def _time_scoring(resolved: ResolvedStudy, cell: Cell) -> float:
    """Return the seconds of computing all of the study's metrics for one result."""
    images = [read(resolved.images[name].path) for name in (cell.content, cell.style)]
    size = resolved.study.size
    content, style = (image.resize(*target_size(image.height, image.width, size)).pixels for image in images)
    inputs = MetricInputs(content, content, style, resolved.weights)
    compute(inputs, select(resolved.metrics))  # the first use loads networks
    start = time.perf_counter()
    compute(inputs, select(resolved.metrics))
    return time.perf_counter() - start
