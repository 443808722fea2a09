"""The tables: each function measures and returns one."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor

from barestyle.hardware.devices import has_fast_bf16
from benchmarks import machine
from benchmarks.images import load_pair
from benchmarks.timing import compute_ratio, time_in_turn

MIB, GIB = 2**20, 2**30


@dataclass
class Table:
    """A title, columns, rows with the columns as keys, and a note on what is not measured."""

    title: str
    columns: tuple[str, ...]
    rows: list[dict[str, Any]] = field(default_factory=list)
    note: str = ""

    def add(self, *values: Any) -> None:
        """Add a row, with values in the order of the columns."""
        self.rows.append(dict(zip(self.columns, values, strict=True)))


def measure_limits(device: torch.device) -> Table:
    """Measure the machine's peak rates."""
    table = Table("This machine's limits", ("what", "float32", "bf16"))
    has_bf16 = has_fast_bf16(device)
    for name, measure in (
        ("convolutions", machine.measure_convolution_peak),
        ("matrix products", machine.measure_product_peak),
    ):
        rates = [measure(device, dtype) for dtype in (torch.float32, torch.bfloat16)[: 1 + has_bf16]]
        table.add(f"{name}, GFLOP/s", *[f"{rate / 1e9:.0f}" for rate in rates], *([] if has_bf16 else ["emulated"]))
    reused, fresh = machine.measure_copy_rate(device)
    table.add("copy, GB/s", f"{reused / 1e9:.1f}", "")
    table.add("copy into fresh memory, GB/s", f"{fresh / 1e9:.1f}", "")
    return table


def measure_evaluations(device: torch.device) -> Table:
    """Time an evaluation of VGG's shape with the Gram loss, compared with the baseline and the peak rate."""
    table = Table(
        "One evaluation of loss and gradient, VGG's shape, Gram loss",
        (
            "pixels",
            "precision",
            "tutorial s",
            "ours s",
            "times quicker",
            "of convolution peak",
            "tutorial MiB",
            "ours MiB",
        ),
    )
    precisions = ["float32", *(["bf16"] if has_fast_bf16(device) else [])]
    if len(precisions) == 1:
        table.note = "bf16 is emulated on this processor, so it is not timed."
    dtypes = {"float32": torch.float32, "bf16": torch.bfloat16}
    for size, repetitions in ((256, 11), (512, 9), (1024, 5)):
        common = {"size": size, "device": str(device)}
        timings = time_in_turn(
            {
                "tutorial": {"what": "baseline", **common},
                **{name: {"what": "ours", "precision": name, **common} for name in precisions},
            },
            repetitions,
        )
        for name in precisions:
            # Measured right after the timing, as the peak of a shared machine changes within minutes.
            peak = machine.measure_convolution_peak(device, dtypes[name])
            share = machine.count_convolution_flop(size) / timings[name].median / peak
            table.add(
                f"{size} x {size}",
                name,
                f"{timings['tutorial'].median:.3f}",
                f"{timings[name].median:.3f}",
                str(compute_ratio(timings["tutorial"], timings[name])),
                f"{share:.0%}",
                round(timings["tutorial"].peak / MIB),
                round(timings[name].peak / MIB),
            )
    return table


def measure_memory(device: torch.device) -> Table:
    """Measure the time and the memory of tiles."""
    table = Table("Tiles, 1024 x 1024, VGG's shape", ("memory allowed", "seconds", "times the whole's", "peak MiB"))
    common = {"what": "ours", "size": 1024, "device": str(device)}
    allowed = {"whole": {}, "1 GiB": {"memory": "1GiB"}, "800 MiB": {"memory": "800MiB"}}
    timings = time_in_turn({name: {**common, **more} for name, more in allowed.items()}, 4)
    for name, timing in timings.items():
        table.add(name, f"{timing.median:.2f}", str(compute_ratio(timing, timings["whole"])), round(timing.peak / MIB))
    return table


def measure_growth(device: torch.device) -> Table:
    """Measure the seconds per megapixel from 256 to 4096, the largest in tiles."""
    table = Table("Growth, VGG's shape, float32", ("pixels", "seconds", "seconds a megapixel", "peak MiB"))
    for size, repetitions, allowed in (
        (256, 7, None),
        (512, 5, None),
        (1024, 3, None),
        (2048, 1, None),
        (4096, 1, "4GiB"),
    ):
        description: dict[str, Any] = {"what": "ours", "size": size, "device": str(device)}
        (timing,) = time_in_turn(
            {"ours": description if allowed is None else {**description, "memory": allowed}}, repetitions
        ).values()
        name = f"{size} x {size}" + (f", within {allowed}" if allowed else "")
        table.add(name, f"{timing.median:.2f}", f"{timing.median / (size * size / 1e6):.2f}", round(timing.peak / MIB))
    return table


def measure_overhead(device: torch.device) -> Table:
    """Measure the optimizer's own time per evaluation."""
    from barestyle.networks import build_network
    from barestyle.objective import Evaluation, build_objective
    from barestyle.optimize import Minimizer
    from barestyle.presets import preset
    from barestyle.spec import LBFGS

    table = Table(
        "The optimizer's own time, 512 x 512", ("history", "evaluation s", "optimizer s an evaluation", "share")
    )
    spec = preset("paper").spec
    network = build_network(spec.network, seed=0, deepest_layer=spec.deepest_layer).to(device)
    content, style = load_pair(512, device)
    objective = build_objective(spec, network, content, style)
    weights = torch.linspace(0.01, 1, content.numel(), device=device).view_as(content)
    evaluation = _time_evaluation(objective.evaluate, content)
    for history in (20, 100):
        inside: list[float] = []

        def evaluate_quadratic(image: Tensor, inside: list[float] = inside) -> Evaluation:
            # In place of the objective, whose time varies by more than the optimizer takes.
            start = time.perf_counter()
            evaluation = Evaluation((image - 0.3).square().sum(), {}, 2 * (image - 0.3) * weights)
            inside.append(time.perf_counter() - start)
            return evaluation

        minimizer = Minimizer(
            evaluate_quadratic, content.clone(), LBFGS(steps=history + 20, history_size=history, tolerance=0)
        )
        ends = [time.perf_counter() for _ in minimizer]
        steps = [after - before for before, after in pairwise(ends)][-15:]
        own = median(steps) - median(inside)
        table.add(history, f"{evaluation:.3f}", f"{own:.4f}", f"{own / evaluation:.1%}")
    return table


def _time_evaluation(evaluate: Any, image: Tensor) -> float:
    seconds = []
    for _ in range(4):
        start = time.perf_counter()
        float(evaluate(image).loss)
        seconds.append(time.perf_counter() - start)
    return median(seconds[1:])


def measure_start_up() -> Table:
    """Time commands, and a run to its first image."""
    table = Table("Start-up", ("command", "seconds"))
    for arguments in (["--version"], ["--help"], ["presets"]):
        table.add("barestyle " + " ".join(arguments), f"{median(_time_command(arguments) for _ in range(5)):.2f}")
    with tempfile.TemporaryDirectory() as folder:
        first_images = [_time_first_image(Path(folder) / str(number)) for number in range(3)]
    table.add("barestyle transfer --size 256, to the first step's picture", f"{median(first_images):.2f}")
    return table


def _time_command(arguments: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "barestyle", *arguments], check=True, capture_output=True)
    return time.perf_counter() - start


def _time_first_image(folder: Path) -> float:
    """Return the seconds from the start of a run to the first step's image on disk; the run is stopped then."""
    from barestyle import samples

    folder.mkdir()
    output = folder / "out.png"
    images = [str(samples.photo("coffee")), str(samples.style("swirls"))]
    start = time.perf_counter()
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "barestyle",
            "transfer",
            *images,
            "-o",
            str(output),
            "--size",
            "256",
            "--save-every",
            "1",
            "--quiet",
        ]
    )
    while not list(folder.glob("out-*1.png")) and process.poll() is None:
        time.sleep(0.01)
    seconds = time.perf_counter() - start
    process.terminate()
    process.wait()
    return seconds


def profile_evaluation(device: torch.device) -> Table:
    """Profile an evaluation by kind of operation."""
    from torch.profiler import ProfilerActivity
    from torch.profiler import profile as profiler

    from barestyle.networks import build_network
    from barestyle.objective import build_objective
    from barestyle.presets import preset

    spec = preset("paper").spec
    network = build_network(spec.network, seed=0, deepest_layer=spec.deepest_layer).to(device)
    content, style = load_pair(512, device)
    objective = build_objective(spec, network, content, style)
    objective.evaluate(content)
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if device.type == "cuda" else [])]
    with profiler(activities=activities) as profiling:
        objective.evaluate(content)
    seconds_by_kind: dict[str, float] = {}
    for event in profiling.key_averages():
        own = event.self_device_time_total if device.type == "cuda" else event.self_cpu_time_total
        kind = _classify(event.key)
        seconds_by_kind[kind] = seconds_by_kind.get(kind, 0.0) + own / 1e6
    table = Table("Where an evaluation's time goes, 512 x 512, float32", ("what", "seconds", "share"))
    for name, seconds in sorted(seconds_by_kind.items(), key=lambda item: -item[1]):
        table.add(name, f"{seconds:.3f}", f"{seconds / sum(seconds_by_kind.values()):.0%}")
    return table


KINDS = {
    "conv": "convolutions, with products done as such",
    "mm": "other products",
    "pool": "pooling",
    "clamp_min": "ReLU",
    "relu": "ReLU",
    "threshold": "ReLU",
    "copy": "copies",
    "pad": "copies",
    "fill": "copies",
    "sum": "sums",
}


def _classify(name: str) -> str:
    return next((kind for part, kind in KINDS.items() if part in name), "the rest")
