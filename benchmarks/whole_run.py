"""How long it takes to get as far as the tutorial's run gets."""

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

NARROW_STEPS = 80
"""Steps at full size in bfloat16, before float32 goes on until it is as low as the goal."""


def whole_run(device: torch.device, size: int, evaluations: int) -> Table:
    """Seconds of the tutorial's run, and of ours to the lowest loss that it saw."""
    table = Table(
        f"Whole runs at {size} x {size}, to the lowest loss of {evaluations} evaluations of the tutorial's run",
        ("run", "loss", "seconds", "evaluations at full size", "times quicker"),
    )
    goal = _child("tutorial", size, device, evaluations=evaluations)
    table.add(f"tutorial, {evaluations} evaluations", f"{goal['loss']:.4g}", f"{goal['seconds']:.1f}", evaluations, "1")
    runs: list[tuple[str, dict[str, Any], str]] = [
        ("ours, one scale", {}, "float32"),
        ("ours, coarse to fine", SCALES, "float32"),
    ]
    if has_fast_bf16(device):
        runs.append(("ours, coarse to fine, mixed precision", SCALES, "mixed"))
    for name, settings, precision in runs:
        found = _child("ours", size, device, goal=goal["loss"], settings=settings, precision=precision)
        reached = found["loss"] <= goal["loss"]
        quicker = f"{goal['seconds'] / found['seconds']:.1f}" if reached else "not reached"
        table.add(name, f"{found['loss']:.4g}", f"{found['seconds']:.1f}", found["evaluations"], quicker)
    return table


def _child(what: str, size: int, device: torch.device, **more: Any) -> dict[str, Any]:
    """Run one of the two in a process of its own, as both would be run."""
    arguments = json.dumps({"what": what, "size": size, "device": str(device), **more})
    output = subprocess.run(
        [sys.executable, "-m", "benchmarks.whole_run", arguments], check=True, capture_output=True, text=True
    ).stdout
    found: dict[str, Any] = json.loads(output)
    return found


def tutorial(size: int, device: torch.device, evaluations: int) -> dict[str, Any]:
    """The tutorial's run: its lowest loss, and its seconds with its making."""
    from benchmarks.pictures import pair
    from benchmarks.yardstick import Yardstick

    pictures = pair(size, device)
    began = time.perf_counter()
    losses: list[float] = []
    Yardstick(*pictures, seed=0).run(evaluations, losses.append)
    return {"loss": min(losses), "seconds": time.perf_counter() - began}


def ours(
    size: int, device: torch.device, goal: float, settings: dict[str, Any], precision: str = "float32"
) -> dict[str, Any]:
    """Our run on the tutorial's own network and loss until float32's loss at full size is as low as the goal."""
    from barestyle.networks import Size
    from barestyle.presets import preset
    from barestyle.run.multiscale import MultiscaleMinimizer
    from barestyle.run.scaled_inputs import ScaledInputs
    from barestyle.run.stages import plan_stages
    from barestyle.spec import with_settings
    from benchmarks.pictures import pair

    content, style = pair(size, device)
    base = {"optimizer": "lbfgs", "optimizer.steps": 400, "optimizer.tolerance": 0}
    spec = with_settings(preset("paper").spec, {**base, **settings})
    network = same_network(content, style)
    began = time.perf_counter()
    narrow = precision == "mixed"
    way = plan_stages(spec, Size(size, size), [Size(size, size)], "bf16" if narrow else "float32")
    if narrow:
        way = [*way[:-1], way[-1]._replace(steps=NARROW_STEPS), way[-1]._replace(precision="float32")]
    course = MultiscaleMinimizer(spec, way, network, ScaledInputs.from_images(content, style))
    before, count, loss = 0, 0, float("inf")
    for iterate in course:
        if course.stage.size != way[-1].size:  # losses of smaller pictures are of another function
            before = iterate.evaluations
            continue
        count = iterate.evaluations - before
        if course.stage.precision == "float32":
            loss = min(loss, iterate.loss)
        if loss <= goal:
            break
    return {"loss": loss, "seconds": time.perf_counter() - began, "evaluations": count}


def same_network(content: Tensor, style: Tensor) -> Network:
    """The yardstick's own weights as one of our networks, so that the losses are the same function."""
    from barestyle.networks import Layer
    from barestyle.networks.network import Stack
    from benchmarks.yardstick import POOL_AFTER, Yardstick

    convolutions = [one for one in Yardstick(content, style, seed=0).model if isinstance(one, torch.nn.Conv2d)]
    layers = []
    for number, one in enumerate(convolutions, start=1):
        assert one.bias is not None
        layers.append(Layer(one.weight.detach(), one.bias.detach(), "relu", "max" if number in POOL_AFTER else "none"))
    return Stack(layers)


if __name__ == "__main__":
    description = json.loads(sys.argv[1])
    work: dict[str, Callable[..., dict[str, Any]]] = {"tutorial": tutorial, "ours": ours}
    what = work[description.pop("what")]
    print(json.dumps(what(device=torch.device(description.pop("device")), **description)))
