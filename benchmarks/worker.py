"""A process that does one thing over and over, when asked: `python -m benchmarks.worker '{"what": ...}'`.

It writes one JSON line when it is ready and one for each line that it reads; at the end of its input, a last one with
its peak memory. What is compared runs in two such processes, asked in turn, so that both see the same machine.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

LARGE = 2048
"""Pixels a side from which on an evaluation is not warmed up."""


def synchronised(device: torch.device) -> None:
    """Wait for a GPU."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def peak_bytes(device: torch.device) -> int:
    """Most memory so far: the process's, or what was allocated on a GPU."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    try:
        # Not getrusage, which on Linux begins with the memory of the process that this one was forked from.
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # in bytes on macOS
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024


def yardstick(size: int, device: torch.device) -> Callable[[], Any]:
    """One evaluation of the tutorial."""
    from benchmarks.pictures import pair
    from benchmarks.yardstick import Yardstick

    return Yardstick(*pair(size, device), seed=0).evaluate


def ours(
    size: int, device: torch.device, *, preset: str = "paper", precision: str = "float32", memory: str | None = None
) -> Callable[[], Any]:
    """One evaluation of ours: whole, or in the tiles that a memory leaves to a run with the robust optimizer."""
    from barestyle.hardware import memory as memories
    from barestyle.networks import Size, build_network
    from barestyle.objective import build_objective
    from barestyle.presets import preset as named
    from barestyle.run.memory_plan import MemoryPlan, plan_memory
    from barestyle.run.precision import cast_network
    from barestyle.spec import LBFGS
    from benchmarks.pictures import pair

    spec = named(preset).spec
    network = build_network(spec.network, seed=0, deepest_layer=spec.deepest_layer).to(device)
    network = cast_network(network, "bf16" if precision == "bf16" else "float32")
    content, style = pair(size, device)
    fitted = MemoryPlan()
    if memory is not None:
        asked = memories.parse_memory(memory)
        fitted = plan_memory(
            network,
            LBFGS(),
            Size(size, size),
            in_use=memories.measure_used_memory(device),
            budget=memories.compute_memory_budget(device, asked),
        )
    objective = build_objective(spec, network, content, style, tiling=fitted.to_tiling())
    return lambda: objective.evaluate(content)


KINDS: dict[str, Callable[..., Callable[[], Any]]] = {"yardstick": yardstick, "ours": ours}


def main() -> None:
    """Read the description from the command line, then serve."""
    description = json.loads(sys.argv[1])
    device = torch.device(description.pop("device"))
    size = description.pop("size")
    work = KINDS[description.pop("what")](size, device, **description)
    if size < LARGE:
        work()  # the first one allocates; in a minute of work that is nothing
        synchronised(device)
    print(json.dumps({"ready": True}), flush=True)
    for _ in sys.stdin:
        began = time.perf_counter()
        work()
        synchronised(device)
        print(json.dumps({"seconds": time.perf_counter() - began}), flush=True)
    print(json.dumps({"peak": peak_bytes(device)}), flush=True)


if __name__ == "__main__":
    main()
