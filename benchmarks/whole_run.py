"""Time to the lowest loss of the tutorial's run."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from barestyle.hardware.devices import has_fast_bf16
from benchmarks.tables import Table

if TYPE_CHECKING:
    from torch import Tensor

    from barestyle.networks import Network

SCALES = {"scales": "coarse-to-fine", "scales.count": 5, "scales.finest_steps": 400, "optimizer.steps": 60}

BF16_STEPS = 80
"""Steps at full size in bfloat16, before float32 continues to the target loss."""


def measure_whole_runs(device: torch.device, size: int, evaluations: int) -> Table:
    """Time the tutorial's run, and barestyle's runs to the lowest loss of the tutorial."""
    table = Table(
        f"Whole runs at {size} x {size}, to the lowest loss of {evaluations} evaluations of the tutorial's run",
        ("run", "loss", "seconds", "evaluations at full size", "times quicker"),
    )
    target = _run_in_process("tutorial", size, device, evaluations=evaluations)
    table.add(
        f"tutorial, {evaluations} evaluations", f"{target['loss']:.4g}", f"{target['seconds']:.1f}", evaluations, "1"
    )
    runs: list[tuple[str, dict[str, Any], str]] = [
        ("ours, one scale", {}, "float32"),
        ("ours, coarse to fine", SCALES, "float32"),
    ]
    if has_fast_bf16(device):
        runs.append(("ours, coarse to fine, mixed precision", SCALES, "mixed"))
    for name, settings, precision in runs:
        result = _run_in_process("ours", size, device, target=target["loss"], settings=settings, precision=precision)
        is_reached = result["loss"] <= target["loss"]
        speedup = f"{target['seconds'] / result['seconds']:.1f}" if is_reached else "not reached"
        table.add(name, f"{result['loss']:.4g}", f"{result['seconds']:.1f}", result["evaluations"], speedup)
    return table


def _run_in_process(what: str, size: int, device: torch.device, **more: Any) -> dict[str, Any]:
    """Run one of the two programs in a new process and return its result."""
    arguments = json.dumps({"what": what, "size": size, "device": str(device), **more})
    output = subprocess.run(
        [sys.executable, "-m", "benchmarks.whole_run", arguments], check=True, capture_output=True, text=True
    ).stdout
    result: dict[str, Any] = json.loads(output)
    return result


def run_baseline(size: int, device: torch.device, evaluations: int) -> dict[str, Any]:
    """Run the tutorial; return its lowest loss and its seconds, setup included."""
    from benchmarks.baseline import Baseline
    from benchmarks.images import load_pair

    images = load_pair(size, device)
    start = time.perf_counter()
    losses: list[float] = []
    Baseline(*images, seed=0).run(evaluations, losses.append)
    return {"loss": min(losses), "seconds": time.perf_counter() - start}


def run_ours(
    size: int, device: torch.device, target: float, settings: dict[str, Any], precision: str = "float32"
) -> dict[str, Any]:
    """Run barestyle with the tutorial's network and loss until the float32 loss at full size reaches the target."""
    from barestyle.networks import Size
    from barestyle.presets import preset
    from barestyle.run.multiscale import MultiscaleMinimizer
    from barestyle.run.scaled_inputs import ScaledInputs
    from barestyle.run.stages import plan_stages
    from barestyle.spec import with_settings
    from benchmarks.images import load_pair

    content, style = load_pair(size, device)
    base = {"optimizer": "lbfgs", "optimizer.steps": 400, "optimizer.tolerance": 0}
    spec = with_settings(preset("paper").spec, {**base, **settings})
    network = copy_network(content, style)
    start = time.perf_counter()
    is_mixed = precision == "mixed"
    stages = plan_stages(spec, Size(size, size), [Size(size, size)], "bf16" if is_mixed else "float32")
    if is_mixed:
        stages = [*stages[:-1], stages[-1]._replace(steps=BF16_STEPS), stages[-1]._replace(precision="float32")]
    minimizer = MultiscaleMinimizer(spec, stages, network, ScaledInputs.from_images(content, style))
    before, count, loss = 0, 0, float("inf")
    for iterate in minimizer:
        if minimizer.stage.size != stages[-1].size:  # losses at smaller sizes are not comparable
            before = iterate.evaluations
            continue
        count = iterate.evaluations - before
        if minimizer.stage.precision == "float32":
            loss = min(loss, iterate.loss)
        if loss <= target:
            break
    return {"loss": loss, "seconds": time.perf_counter() - start, "evaluations": count}


def copy_network(content: Tensor, style: Tensor) -> Network:
    """Return the baseline's weights as a network of barestyle, so that both minimize the same function."""
    from barestyle.networks import Layer
    from barestyle.networks.network import Stack
    from benchmarks.baseline import POOL_AFTER, Baseline

    convolutions = [module for module in Baseline(content, style, seed=0).model if isinstance(module, torch.nn.Conv2d)]
    layers = []
    for number, module in enumerate(convolutions, start=1):
        assert module.bias is not None
        layers.append(
            Layer(module.weight.detach(), module.bias.detach(), "relu", "max" if number in POOL_AFTER else "none")
        )
    return Stack(layers)


if __name__ == "__main__":
    description = json.loads(sys.argv[1])
    work: dict[str, Callable[..., dict[str, Any]]] = {"tutorial": run_baseline, "ours": run_ours}
    what = work[description.pop("what")]
    print(json.dumps(what(device=torch.device(description.pop("device")), **description)))
