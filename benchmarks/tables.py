"""The tables: each a function that measures and returns rows, which are printed and kept."""

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
from benchmarks.contest import contest, ratio
from benchmarks.pictures import pair

MIB, GIB = 2**20, 2**30


@dataclass
class Table:
    """A heading, columns, and rows of the same keys; a note says what is not measured here and why."""

    title: str
    columns: tuple[str, ...]
    rows: list[dict[str, Any]] = field(default_factory=list)
    note: str = ""

    def add(self, *values: Any) -> None:
        """One row, in the order of the columns."""
        self.rows.append(dict(zip(self.columns, values, strict=True)))


def limits(device: torch.device) -> Table:
    """What the machine can do at most."""
    table = Table("This machine's limits", ("what", "float32", "bf16"))
    narrow = has_fast_bf16(device)
    for name, measure in (("convolutions", machine.convolution_peak), ("matrix products", machine.product_peak)):
        best = [measure(device, dtype) for dtype in (torch.float32, torch.bfloat16)[: 1 + narrow]]
        table.add(f"{name}, GFLOP/s", *[f"{one / 1e9:.0f}" for one in best], *([] if narrow else ["emulated"]))
    again, fresh = machine.copy_rate(device)
    table.add("copy, GB/s", f"{again / 1e9:.1f}", "")
    table.add("copy into fresh memory, GB/s", f"{fresh / 1e9:.1f}", "")
    return table


def evaluations(device: torch.device) -> Table:
    """Seconds an evaluation of VGG's shape with the Gram loss, against the yardstick and the floor."""
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
        what = {"size": size, "device": str(device)}
        found = contest(
            {
                "tutorial": {"what": "yardstick", **what},
                **{name: {"what": "ours", "precision": name, **what} for name in precisions},
            },
            repetitions,
        )
        for name in precisions:
            # Measured beside the contest, as a shared machine's peak changes within minutes.
            peak = machine.convolution_peak(device, dtypes[name])
            share = machine.convolution_flop(size) / found[name].median / peak
            table.add(
                f"{size} x {size}",
                name,
                f"{found['tutorial'].median:.3f}",
                f"{found[name].median:.3f}",
                str(ratio(found["tutorial"], found[name])),
                f"{share:.0%}",
                round(found["tutorial"].peak / MIB),
                round(found[name].peak / MIB),
            )
    return table


def memory(device: torch.device) -> Table:
    """What tiles cost and save."""
    table = Table("Tiles, 1024 x 1024, VGG's shape", ("memory allowed", "seconds", "times the whole's", "peak MiB"))
    what = {"what": "ours", "size": 1024, "device": str(device)}
    allowed = {"whole": {}, "1 GiB": {"memory": "1GiB"}, "800 MiB": {"memory": "800MiB"}}
    found = contest({name: {**what, **more} for name, more in allowed.items()}, 4)
    for name, timing in found.items():
        table.add(name, f"{timing.median:.2f}", str(ratio(timing, found["whole"])), round(timing.peak / MIB))
    return table


def growth(device: torch.device) -> Table:
    """Seconds a megapixel from 256 to 4096, the largest in tiles."""
    table = Table("Growth, VGG's shape, float32", ("pixels", "seconds", "seconds a megapixel", "peak MiB"))
    for size, repetitions, allowed in (
        (256, 7, None),
        (512, 5, None),
        (1024, 3, None),
        (2048, 1, None),
        (4096, 1, "4GiB"),
    ):
        what: dict[str, Any] = {"what": "ours", "size": size, "device": str(device)}
        (timing,) = contest({"ours": what if allowed is None else {**what, "memory": allowed}}, repetitions).values()
        name = f"{size} x {size}" + (f", within {allowed}" if allowed else "")
        table.add(name, f"{timing.median:.2f}", f"{timing.median / (size * size / 1e6):.2f}", round(timing.peak / MIB))
    return table


def overhead(device: torch.device) -> Table:
    """What the optimizer adds to its evaluations."""
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
    content, style = pair(512, device)
    objective = build_objective(spec, network, content, style)
    weights = torch.linspace(0.01, 1, content.numel(), device=device).view_as(content)
    evaluation = _seconds_of(objective.evaluate, content)
    for history in (20, 100):
        inside: list[float] = []

        def timed(image: Tensor, inside: list[float] = inside) -> Evaluation:
            # In the objective's place, as its own time varies more than the optimizer takes.
            began = time.perf_counter()
            found = Evaluation((image - 0.3).square().sum(), {}, 2 * (image - 0.3) * weights)
            inside.append(time.perf_counter() - began)
            return found

        search = Minimizer(timed, content.clone(), LBFGS(steps=history + 20, history_size=history, tolerance=0))
        ends = [time.perf_counter() for _ in search]
        steps = [after - before for before, after in pairwise(ends)][-15:]
        own = median(steps) - median(inside)
        table.add(history, f"{evaluation:.3f}", f"{own:.4f}", f"{own / evaluation:.1%}")
    return table


def _seconds_of(evaluate: Any, image: Tensor) -> float:
    taken = []
    for _ in range(4):
        began = time.perf_counter()
        float(evaluate(image).loss)
        taken.append(time.perf_counter() - began)
    return median(taken[1:])


def start_up() -> Table:
    """From the command to the first sign of it."""
    table = Table("Start-up", ("command", "seconds"))
    for arguments in (["--version"], ["--help"], ["presets"]):
        table.add("barestyle " + " ".join(arguments), f"{median(_command(arguments) for _ in range(5)):.2f}")
    with tempfile.TemporaryDirectory() as folder:
        firsts = [_first_preview(Path(folder) / str(number)) for number in range(3)]
    table.add("barestyle transfer --size 256, to the first step's picture", f"{median(firsts):.2f}")
    return table


def _command(arguments: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "barestyle", *arguments], check=True, capture_output=True)
    return time.perf_counter() - began


def _first_preview(folder: Path) -> float:
    """Seconds from the command until the first step's picture lies on the disk; the run is stopped then."""
    from barestyle import samples

    folder.mkdir()
    output = folder / "out.png"
    pictures = [str(samples.photo("coffee")), str(samples.style("swirls"))]
    began = time.perf_counter()
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "barestyle",
            "transfer",
            *pictures,
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
    seconds = time.perf_counter() - began
    process.terminate()
    process.wait()
    return seconds


def profile(device: torch.device) -> Table:
    """Where an evaluation's time goes."""
    from torch.profiler import ProfilerActivity
    from torch.profiler import profile as profiler

    from barestyle.networks import build_network
    from barestyle.objective import build_objective
    from barestyle.presets import preset

    spec = preset("paper").spec
    network = build_network(spec.network, seed=0, deepest_layer=spec.deepest_layer).to(device)
    content, style = pair(512, device)
    objective = build_objective(spec, network, content, style)
    objective.evaluate(content)
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if device.type == "cuda" else [])]
    with profiler(activities=activities) as seen:
        objective.evaluate(content)
    taken: dict[str, float] = {}
    for event in seen.key_averages():
        own = event.self_device_time_total if device.type == "cuda" else event.self_cpu_time_total
        taken[_kind(event.key)] = taken.get(_kind(event.key), 0.0) + own / 1e6
    table = Table("Where an evaluation's time goes, 512 x 512, float32", ("what", "seconds", "share"))
    for name, seconds in sorted(taken.items(), key=lambda item: -item[1]):
        table.add(name, f"{seconds:.3f}", f"{seconds / sum(taken.values()):.0%}")
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


def _kind(name: str) -> str:
    return next((kind for part, kind in KINDS.items() if part in name), "the rest")
