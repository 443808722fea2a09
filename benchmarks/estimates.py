"""`python -m benchmarks.estimates`: how far estimates of a run's time are from the truth, before and during the run.

Each run is a real one on photographs and styles that are installed. The table has the ratio of the estimated total to
the true one: before the run, and after each fifth of it.

--presets NAMES   presets, separated by commas (bare-fast,bare,bare-fine)
--sizes SIZES     long sides of the results in pixels, separated by commas (256,512)
--pairs N         pairs of a photograph and a style for each preset and size (2)
--set FIELD=VALUE a setting of every run, as of `barestyle transfer`; may be repeated
--device NAME     auto, cpu, cuda or mps (auto)
--cpu             count processor time on one thread, for a machine on which other programs run
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice, product

import torch
from rich.console import Console

from barestyle import Progress, preset, samples, with_settings
from barestyle.run.estimate import estimate, start_time_left
from barestyle.run.plan import Plan, prepare
from barestyle.run.request import Request
from barestyle.run.runner import run
from barestyle.run.speed import Speed, measure_speed
from barestyle.spec import Spec
from barestyle.spec.overrides import parse_assignment
from benchmarks.__main__ import WIDTH, print_table
from benchmarks.tables import Table

FIFTHS = (0.2, 0.4, 0.6, 0.8)


@dataclass(frozen=True)
class Trace:
    """A run as its progress was reported.

    Attributes:
        before: estimate of its seconds.
        seconds: that it took.
        totals: seconds since its start at each iterate that had an estimate, and that estimate of the whole.
    """

    before: float
    seconds: float
    totals: Sequence[tuple[float, float]]

    def ratio_after(self, share: float) -> float:
        """Return the ratio of the latest estimate to the truth when a share of the run is over; NaN if none is."""
        known = [total for seconds, total in self.totals if seconds <= share * self.seconds]
        return known[-1] / self.seconds if known else float("nan")


def trace_run(plan: Plan, speed: Speed, clock: Callable[[], float]) -> Trace:
    """Run a plan, and return its estimates and its seconds by a clock."""
    before, time_left = estimate(plan, speed).seconds, start_time_left(plan, speed)
    totals: list[tuple[float, float]] = []
    start = clock()

    def on_progress(progress: Progress) -> None:
        seconds = clock() - start
        time_left.update(progress.step, seconds=seconds, loss=progress.loss, restarts=progress.restarts)
        if time_left.seconds is not None:
            totals.append((seconds, seconds + time_left.seconds))

    run(plan, on_progress=on_progress)
    return Trace(before, clock() - start, totals)


def measure_estimates(
    specs: dict[str, Spec], sizes: Sequence[int], pairs: int, device: str, clock: Callable[[], float]
) -> Table:
    """Compare estimates with the seconds of real runs."""
    table = Table(
        "Estimated seconds, divided by the true ones",
        ("run", "pixels", "seconds", "before", *(f"after {share:.0%}" for share in FIFTHS)),
    )
    names = zip(samples.PHOTOS, samples.STYLES, strict=False)
    for size, (name, spec), (photo, style) in product(sizes, specs.items(), list(islice(names, pairs))):
        sized = with_settings(spec, {"size": size})
        plan = prepare(Request(samples.photo(photo), samples.style(style), sized, device=device))
        speed = measure_speed(plan.device, plan.precision, clock)
        trace = trace_run(plan, speed, clock)
        ratios = (trace.before / trace.seconds, *map(trace.ratio_after, FIFTHS))
        table.add(f"{name}, {photo}, {style}", size, f"{trace.seconds:.1f}", *(f"{ratio:.2f}" for ratio in ratios))
    return table


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.estimates", description="Compare estimates of a run's time with the truth."
    )
    parser.add_argument("--presets", default="bare-fast,bare,bare-fine")
    parser.add_argument("--sizes", default="256,512")
    parser.add_argument("--pairs", type=int, default=2)
    parser.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--cpu", action="store_true")
    arguments = parser.parse_args()
    if arguments.cpu:
        torch.set_num_threads(1)
    settings = dict(map(parse_assignment, arguments.set))
    specs = {name: with_settings(preset(name).spec, settings) for name in arguments.presets.split(",")}
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    clock = time.process_time if arguments.cpu else time.perf_counter
    sizes = [int(size) for size in arguments.sizes.split(",")]
    print_table(console, measure_estimates(specs, sizes, arguments.pairs, arguments.device, clock))


if __name__ == "__main__":
    main()
