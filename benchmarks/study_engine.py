"""Overhead of the engine that runs a study's cells: what workers wait for, beside the cells themselves.

`python -m benchmarks.study_engine` runs figure 8 at 256 pixels on two pairs with two single-threaded workers, and then
with one worker of two threads. Nothing else should run.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from distributed import get_task_stream

from barestyle.study.cluster import open_local_client
from barestyle.study.engine import run_cells
from barestyle.study.override import override
from barestyle.study.resolve import ResolvedStudy, declare, resolve_study
from barestyle.study.store import Store
from barestyle.study.yaml_loader import load


@dataclass(frozen=True)
class Timing:
    """Seconds of a study: in all, in its cells, and between two cells of a worker; and the number of cells."""

    wall: float
    cells: float
    gaps: float
    number: int

    @property
    def overhead(self) -> float:
        """Time that workers wait between cells, relative to the time in cells."""
        return self.gaps / self.cells


def measure(resolved: ResolvedStudy, workers: int, threads: int) -> Timing:
    """Run all cells of a study on a new cluster with a new store."""
    with tempfile.TemporaryDirectory() as folder, open_local_client(workers) as client:
        store = Store(Path(folder))
        declare(resolved, store)
        with get_task_stream(client) as stream:
            start = time.perf_counter()
            run_cells(resolved.cells, resolved, store, client, threads=threads)
            wall = time.perf_counter() - start
        spans: dict[str, list[tuple[float, float]]] = {}
        for task in stream.data:
            times = [(each["start"], each["stop"]) for each in task["startstops"] if each["action"] == "compute"]
            spans.setdefault(task["worker"], []).extend(times)
    busy = sum(stop - start for each in spans.values() for start, stop in each)
    gaps = sum(later[0] - earlier[1] for each in spans.values() for earlier, later in pairwise(sorted(each)))
    return Timing(wall, busy, gaps, len(resolved.cells))


def main() -> None:
    """Print the timings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--processors", type=int, default=2)
    options = parser.parse_args()
    pairs = [("photo:coffee", "style:swirls"), ("photo:chelsea", "style:mosaic")]
    study = override(load("fig8"), size=options.size, steps=options.steps, seeds=[0], pairs=pairs)
    resolved = resolve_study(study, weights=None)
    for workers, threads in ((options.processors, 1), (1, options.processors)):
        timing = measure(resolved, workers, threads)
        print(
            f"{workers} workers x {threads} threads: {timing.number} cells in {timing.wall:.1f} s, "
            f"{timing.cells / timing.number:.2f} s each, {1000 * timing.gaps / timing.number:.0f} ms between them, "
            f"overhead {timing.overhead:.1%}"
        )


if __name__ == "__main__":
    main()
