"""`python -m benchmarks`: run the benchmarks, print their tables, and write them as JSON.

--device auto|cpu|cuda|mps   device; auto is the fastest available
--only NAME                  one table: limits, evaluations, pictures, memory, overhead, whole-run, growth, start-up,
                             profile, bf16-gradients or bf16-results; the last two need fast bfloat16
--size N                     side of the images of whole runs, in pixels (256)
--output FILE                JSON file to write (benchmarks/results.json)
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table as Grid

from barestyle.hardware.devices import has_fast_bf16, select_device
from benchmarks import machine, precision, tables
from benchmarks.pictures import measure_pictures
from benchmarks.tables import Table
from benchmarks.whole_run import measure_whole_runs

EVALUATIONS = 400

WIDTH = 150
"""Width of a table in characters if the output is not a terminal."""


def main() -> None:
    """Run the benchmarks."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure the speed and memory of barestyle."
    )
    parser.add_argument("--device", default="auto")
    parser.add_argument("--only", default=None)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results.json")
    arguments = parser.parse_args()
    device = select_device(arguments.device)
    measurements: dict[str, Callable[[], Table]] = {
        "limits": lambda: tables.measure_limits(device),
        "evaluations": lambda: tables.measure_evaluations(device),
        "pictures": lambda: measure_pictures(device),
        "memory": lambda: tables.measure_memory(device),
        "overhead": lambda: tables.measure_overhead(device),
        "whole-run": lambda: measure_whole_runs(device, arguments.size, EVALUATIONS),
        "growth": lambda: tables.measure_growth(device),
        "start-up": tables.measure_start_up,
        "profile": lambda: tables.profile_evaluation(device),
        "bf16-gradients": lambda: precision.compare_gradients(device, arguments.size),
        "bf16-results": lambda: precision.compare_results(device, arguments.size),
    }
    if arguments.only is not None and arguments.only not in measurements:
        parser.error(f"there is no table {arguments.only!r}; the tables are {', '.join(measurements)}")
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    machine_facts = machine.describe(device)
    console.print(", ".join(f"{name}: {value}" for name, value in machine_facts.items()))
    results = {"machine": machine_facts, "date": time.strftime("%Y-%m-%d"), "tables": {}}
    for name, measure in measurements.items():
        if arguments.only == name or (
            arguments.only is None and (has_fast_bf16(device) or not name.startswith("bf16"))
        ):
            start = time.perf_counter()
            table = measure()
            print_table(console, table)
            results["tables"][name] = {**asdict(table), "took": round(time.perf_counter() - start, 1)}  # type: ignore[index]
    arguments.output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    console.print(f"Written to {arguments.output}.")


def print_table(console: Console, table: Table) -> None:
    """Print one table."""
    grid = Grid(title=table.title, title_justify="left", caption=table.note or None, caption_justify="left")
    for number, column in enumerate(table.columns):
        grid.add_column(column, justify="left" if number == 0 else "right")
    for row in table.rows:
        grid.add_row(*[str(row[column]) for column in table.columns])
    console.print(grid)


if __name__ == "__main__":
    torch.manual_seed(0)
    main()
