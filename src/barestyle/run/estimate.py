"""How long a run takes and how much memory, before it starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch

from barestyle.hardware.devices import select_device
from barestyle.hardware.memory import measure_used_memory, parse_memory
from barestyle.networks import Network, Size, build_network
from barestyle.objective import get_guide
from barestyle.run.memory_plan import MemoryPlan, estimate_bytes
from barestyle.run.memory_planner import MemoryPlanner
from barestyle.run.plan import Plan, choose_result_size, choose_style_size
from barestyle.run.precision import Precision, cast_network, choose_precision
from barestyle.run.speed import DEFAULT_SPEED, Speed, find_speed, get_speed
from barestyle.run.stage_costs import compute_stage_costs
from barestyle.run.stages import Stage, plan_stages
from barestyle.run.time_left import TimeLeft
from barestyle.spec import VGG, FeatureContentLoss, HandMade, Pyramid, Spec


@dataclass(frozen=True)
class Estimate:
    """What a run is expected to take.

    Attributes:
        seconds: from prepared images to the result, on this machine; less if a stage ends early at a plateau.
        memory: bytes, as the limit of `--memory` counts them: of the whole process on a CPU, of PyTorch on a GPU.
    """

    seconds: float
    memory: int


@dataclass(frozen=True)
class Outline:
    """What the cost of a run depends on.

    Attributes:
        spec: the settings.
        stages: of the run.
        styles: sizes of the style images beside the result.
        device: where it computes.
        precision: of the run.
        memory_limit: bytes that the process may use; None for most of what is free.
        regions: number of regions of the result with styles of their own.
        masks: number of regions that have a mask.
        memory_plans: of an earlier run's stages, which are used again.
        is_split: whether several processes compute it; then no memory is planned.
    """

    spec: Spec
    stages: Sequence[Stage]
    styles: Sequence[Size]
    device: torch.device
    precision: Precision
    memory_limit: int | None
    regions: int = 1
    masks: int = 0
    memory_plans: tuple[MemoryPlan, ...] = ()
    is_split: bool = False

    @classmethod
    def from_plan(cls, plan: Plan) -> Outline:
        """Return the outline of a plan."""
        regions = len({style.mask and style.mask.sha256 for style in plan.styles})
        is_masked = plan.keep is not None or any(style.mask is not None for style in plan.styles)
        return cls(
            plan.spec,
            plan.stages,
            [Size(style.picture.height, style.picture.width) for style in plan.styles],
            plan.device,
            plan.precision,
            plan.memory_limit,
            regions=regions,
            masks=regions if is_masked else 0,
            memory_plans=plan.memory_plans,
            is_split=plan.group.size > 1,
        )

    def build_network(self) -> Network:
        """Return a network of the spec's shape on the device, with random weights even if the spec's are trained."""
        return _build_shape(self.spec.network, self.spec.deepest_layer, self.device)

    def plan_memory(self, network: Network) -> list[MemoryPlan]:
        """Return the memory plan of every stage. Raises DeviceError if one does not fit."""
        if self.is_split:
            return [MemoryPlan()] * len(self.stages)
        planner = MemoryPlanner(
            self.spec, network, masks=self.masks, limit=self.memory_limit, earlier=self.memory_plans
        )
        planner.plan_stages(self.stages)
        return [planner.begin_stage(index, stage, warm_pairs=None) for index, stage in enumerate(self.stages)]


@lru_cache(maxsize=4)
def _build_shape(spec: VGG | HandMade | Pyramid, deepest_layer: int, device: torch.device) -> Network:
    """Return a network of a spec's shape; it is cached, as building takes longer than all the rest of an estimate."""
    if isinstance(spec, VGG) and spec.is_trained:
        spec = spec.model_copy(update={"weights": VGG().weights, "bias": VGG().bias})
    return build_network(spec, seed=0, deepest_layer=deepest_layer).to(device)


def estimate(plan: Plan, speed: Speed | None = None) -> Estimate:
    """Return the estimate of a plan, which must be for a single process.

    Without a speed, that of the machine is measured, which takes about half a second, unless it was in the last hour;
    other estimates take some milliseconds. Raises DeviceError if the memory is not enough.
    """
    return estimate_outline(Outline.from_plan(plan), speed)


def estimate_spec(
    spec: Spec,
    content: Size,
    styles: Sequence[Size],
    *,
    device: str = "auto",
    precision: str = "auto",
    memory: str = "auto",
) -> Estimate:
    """Return the estimate of a run without masks from the sizes of its images; no file is read.

    Args:
        spec: the settings, whose `size` decides that of the result.
        content: size of the content image in its file.
        styles: sizes of the style images in their files.
        device: see `transfer`.
        precision: see `transfer`.
        memory: see `transfer`.

    Raises:
        SpecError, DeviceError: an option is invalid, or the memory is not enough.
    """
    chosen = select_device(device)
    chosen_precision = choose_precision(precision, spec, chosen)
    result = Size(*choose_result_size(*content, spec))
    style_sizes = [Size(*choose_style_size(style, result, spec)) for style in styles]
    stages = plan_stages(spec, result, style_sizes, chosen_precision)
    return estimate_outline(Outline(spec, stages, style_sizes, chosen, chosen_precision, parse_memory(memory)))


def estimate_outline(outline: Outline, speed: Speed | None = None) -> Estimate:
    """Return the estimate of an outline. Raises DeviceError if the memory is not enough."""
    network = outline.build_network()
    # Before the plan, which starts from the same measurement: what is allocated later is in its estimate already.
    in_use = measure_used_memory(outline.device)
    plans = outline.plan_memory(network)
    speed = speed or get_speed(outline.device, outline.precision)
    costs = compute_stage_costs(
        outline.spec, outline.stages, outline.styles, network, speed, memory_plans=plans, regions=outline.regions
    )
    content_loss = outline.spec.content_loss
    stage_bytes = [
        estimate_bytes(
            cast_network(network, stage.precision),
            stage.size,
            plan,
            content_tap=content_loss.layer if isinstance(content_loss, FeatureContentLoss) else None,
            masks=outline.masks,
            guides=0 if get_guide(outline.spec) is None else outline.regions,
        )
        for stage, plan in zip(outline.stages, plans, strict=True)
    ]
    return Estimate(sum(cost.seconds for cost in costs), in_use + max(stage_bytes))


def start_time_left(plan: Plan, speed: Speed | None = None) -> TimeLeft:
    """Return what tells the time left of a run; without a speed, it uses one that an estimate has measured, if any."""
    outline = Outline.from_plan(plan)
    network = outline.build_network()
    speed = speed or find_speed(plan.device, plan.precision)
    costs = compute_stage_costs(
        outline.spec,
        outline.stages,
        outline.styles,
        network,
        speed or DEFAULT_SPEED,
        memory_plans=outline.plan_memory(network),
        regions=outline.regions,
    )
    return TimeLeft(costs, is_calibrated=speed is not None and not outline.is_split)
