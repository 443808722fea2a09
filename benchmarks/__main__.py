"""`python -m benchmarks`: measure everything, print it, and keep it as JSON.

--device auto|cpu|cuda|mps   where; auto is the fastest there is
--only NAME                  one table: limits, evaluations, memory, overhead, whole-run, growth, start-up, profile, and
                             bf16-gradients and bf16-results, which are left out where bfloat16 is emulated
--size N                     pixels a side of the whole runs (256)
--output FILE                where the JSON goes (benchmarks/results.json)
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
from benchmarks.tables import Table
from benchmarks.whole_run import whole_run

EVALUATIONS = 400

WIDTH = 150
"""Characters of a table in a file, which has no width of its own."""


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="How fast barestyle is here.")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--only", default=None)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results.json")
    asked = parser.parse_args()
    device = select_device(asked.device)
    makers: dict[str, Callable[[], Table]] = {
        "limits": lambda: tables.limits(device),
        "evaluations": lambda: tables.evaluations(device),
        "memory": lambda: tables.memory(device),
        "overhead": lambda: tables.overhead(device),
        "whole-run": lambda: whole_run(device, asked.size, EVALUATIONS),
        "growth": lambda: tables.growth(device),
        "start-up": tables.start_up,
        "profile": lambda: tables.profile(device),
        "bf16-gradients": lambda: precision.gradients(device, asked.size),
        "bf16-results": lambda: precision.results(device, asked.size),
    }
    if asked.only is not None and asked.only not in makers:
        parser.error(f"there is no table {asked.only!r}; they are {', '.join(makers)}")
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    about = machine.description(device)
    console.print(", ".join(f"{name}: {value}" for name, value in about.items()))
    kept = {"machine": about, "date": time.strftime("%Y-%m-%d"), "tables": {}}
    for name, make in makers.items():
        if asked.only == name or (asked.only is None and (has_fast_bf16(device) or not name.startswith("bf16"))):
            began = time.perf_counter()
            table = make()
            show(console, table)
            kept["tables"][name] = {**asdict(table), "took": round(time.perf_counter() - began, 1)}  # type: ignore[index]
    asked.output.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    console.print(f"Kept in {asked.output}.")


def show(console: Console, table: Table) -> None:
    """One table, as people read it."""
    grid = Grid(title=table.title, title_justify="left", caption=table.note or None, caption_justify="left")
    for number, column in enumerate(table.columns):
        grid.add_column(column, justify="left" if number == 0 else "right")
    for row in table.rows:
        grid.add_row(*[str(row[column]) for column in table.columns])
    console.print(grid)


if __name__ == "__main__":
    torch.manual_seed(0)
    main()
