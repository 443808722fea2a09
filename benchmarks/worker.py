"""A process that repeats one evaluation on request: `python -m benchmarks.worker '{"what": ...}'`.

It writes a JSON line when it is ready, one for each line it reads, and a last one with its peak memory when its input
ends. Programs to compare run in two such processes, in turn, so that both see the same load of the machine.
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

MAX_WARM_UP_SIZE = 2048
"""Side in pixels from which no evaluation is made as a warm-up."""


def synchronize(device: torch.device) -> None:
    """Wait until a GPU has finished."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def measure_peak_memory(device: torch.device) -> int:
    """Return the peak memory in bytes: of the process, or allocated on a GPU."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    try:
        # Not getrusage, which on Linux includes the memory of the parent process before exec.
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # in bytes on macOS
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024


def build_baseline(size: int, device: torch.device) -> Callable[[], Any]:
    """Return a function that makes one evaluation of the tutorial."""
    from benchmarks.baseline import Baseline
    from benchmarks.images import load_pair

    return Baseline(*load_pair(size, device), seed=0).evaluate


def build_ours(
    size: int, device: torch.device, *, preset: str = "paper", precision: str = "float32", memory: str | None = None
) -> Callable[[], Any]:
    """Return a function that makes one evaluation of barestyle, in the tiles of a run with L-BFGS in that memory."""
    from barestyle.hardware import memory as memories
    from barestyle.networks import Size, build_network
    from barestyle.objective import build_objective
    from barestyle.presets import preset as named
    from barestyle.run.memory_plan import MemoryPlan, plan_memory
    from barestyle.run.precision import cast_network
    from barestyle.spec import LBFGS
    from benchmarks.images import load_pair

    spec = named(preset).spec
    network = build_network(spec.network, seed=0, deepest_layer=spec.deepest_layer).to(device)
    network = cast_network(network, "bf16" if precision == "bf16" else "float32")
    content, style = load_pair(size, device)
    plan = MemoryPlan()
    if memory is not None:
        limit = memories.parse_memory(memory)
        plan = plan_memory(
            network,
            LBFGS(),
            Size(size, size),
            in_use=memories.measure_used_memory(device),
            budget=memories.compute_memory_budget(device, limit),
        )
    objective = build_objective(spec, network, content, style, tiling=plan.to_tiling())
    return lambda: objective.evaluate(content)


BUILDERS: dict[str, Callable[..., Callable[[], Any]]] = {"baseline": build_baseline, "ours": build_ours}


def main() -> None:
    """Read the description from the command line, then answer requests."""
    description = json.loads(sys.argv[1])
    device = torch.device(description.pop("device"))
    size = description.pop("size")
    work = BUILDERS[description.pop("what")](size, device, **description)
    if size < MAX_WARM_UP_SIZE:
        work()  # the first evaluation allocates memory; that does not matter for large images
        synchronize(device)
    print(json.dumps({"ready": True}), flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        work()
        synchronize(device)
        print(json.dumps({"seconds": time.perf_counter() - start}), flush=True)
    print(json.dumps({"peak": measure_peak_memory(device)}), flush=True)


if __name__ == "__main__":
    main()
