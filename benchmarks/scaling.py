"""Time, memory and messages of one evaluation of a picture that is split among processes.

torchrun --nproc-per-node 4 -m benchmarks.scaling PHOTO STYLE --size 16384
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import torch

from barestyle.distributed import ProcessGroup, join_torchrun
from barestyle.errors import BarestyleError
from barestyle.networks import build_network
from barestyle.objective import Objective, build_objective
from barestyle.presets import preset
from barestyle.run.memory_planner import MemoryPlanner
from barestyle.run.plan import Plan, prepare
from barestyle.run.preprocess import prepare_inputs
from barestyle.run.request import Request
from barestyle.run.scaled_inputs import ScaledInputs
from barestyle.spec import with_settings


@dataclass(frozen=True)
class Measurement:
    """What one process measured.

    Attributes:
        rows: of the picture that it had.
        seconds: of an evaluation, the median, without the first.
        peak: bytes of memory, of the whole process until now.
        calls, sent_bytes: messages of an evaluation; a sum over processes is one.
    """

    rows: int
    seconds: float
    peak: int
    calls: int
    sent_bytes: int


def measure(plan: Plan, evaluations: int) -> Measurement:
    """Evaluate loss and gradient of the content at full size, after one evaluation that does not count."""
    inputs = prepare_inputs(plan)
    objective = build(plan, inputs)
    group, image = plan.group, inputs.content
    objective.evaluate(image)
    seconds = []
    before = replace(group.traffic)
    for _ in range(evaluations):
        start = time.perf_counter()
        objective.evaluate(image)
        seconds.append(time.perf_counter() - start)
    return Measurement(
        rows=image.shape[-2],
        seconds=median(seconds),
        peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        calls=(group.traffic.calls - before.calls) // evaluations,
        sent_bytes=(group.traffic.sent_bytes - before.sent_bytes) // evaluations,
    )


def build(plan: Plan, inputs: ScaledInputs) -> Objective:
    """Return the objective of the last stage, with the tiles that a run would have."""
    spec = plan.spec
    network = build_network(spec.network, seed=plan.seed, deepest_layer=spec.deepest_layer)
    stage = plan.stages[-1]
    planner = MemoryPlanner(spec, network, masks=0, limit=plan.memory_limit, inputs=inputs)
    planner.plan_stages([stage])
    tiling = planner.begin_stage(0, stage, warm_pairs=None).to_tiling()
    return build_objective(spec, network, inputs.content, inputs.regions, tiling=tiling, shard=inputs.shard)


def run(group: ProcessGroup, options: argparse.Namespace) -> list[Measurement]:
    """Return the measurements of all processes."""
    spec = with_settings(preset(options.preset).spec, {"size": options.size})
    request = Request(
        options.photo,
        options.style,
        spec,
        precision="float32",
        memory=options.memory,
        max_pixels=2**40,
        group=group,
    )
    return group.gather_values(measure(prepare(request), options.evaluations))


def main() -> int:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo", type=Path)
    parser.add_argument("style", type=Path)
    parser.add_argument("--size", type=int, default=2048, help="long side in pixels")
    parser.add_argument("--preset", default="bare")
    parser.add_argument("--memory", default="auto", help="of each process, such as 3GiB")
    parser.add_argument("--evaluations", type=int, default=1)
    options = parser.parse_args()
    try:
        with join_torchrun() as group:
            measurements = run(group, options)
    except BarestyleError as error:
        print(error, file=sys.stderr)
        return 2
    if group.rank == 0:
        print(
            f"{group.size} processes with {torch.get_num_threads()} threads each, {options.preset}, {options.size} px"
        )
        print("| process | rows | seconds | peak memory, GiB | calls | sent, MB |")
        print("|---|---|---|---|---|---|")
        for rank, each in enumerate(measurements):
            print(
                f"| {rank} | {each.rows} | {each.seconds:.2f} | {each.peak / 2**30:.2f} | {each.calls} "
                f"| {each.sent_bytes / 1e6:.2f} |"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
