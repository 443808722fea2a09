"""Paint frames by search: the first of a shot like a picture, each other one from the result before it.

After Ruder et al. 2016 (arXiv:1604.08610). A frame's search starts from the result before it, moved along the optical
flow; where the flow cannot be trusted, it starts from the frame in the result's colors. A temporal loss holds what was
moved. Network and style targets are those of the shot's first frame.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from barestyle.clips.flow import Motion, check_flow_library, estimate_motion
from barestyle.clips.warp import warp
from barestyle.errors import SpecError
from barestyle.hardware.kernels import use_repeatable_kernels
from barestyle.images import color_transfer, resize
from barestyle.losses import TemporalTerm
from barestyle.networks import Network, Size, build_network, compute_minimum_side
from barestyle.objective import Objective, StyleMoments, build_objective, build_region_guide_maps, build_style_moments
from barestyle.optimize import Minimizer
from barestyle.run.memory_planner import MemoryPlanner
from barestyle.run.plan import Plan
from barestyle.run.postprocess import postprocess
from barestyle.run.precision import StagePrecision, cast_network
from barestyle.run.preprocess import paints_gray, prepare_inputs, rescale_trained_layers
from barestyle.run.runner import build_restarts, translate_memory_errors
from barestyle.run.scaled_inputs import ScaledInputs, upsample_change
from barestyle.run.stages import Stage, shrink_size
from barestyle.spec import LBFGS, PaperLBFGS, StyleColors

SCALES = ((2.0, 3), (1.0, 6))
"""Factors by which a frame after the first is shrunk, and the most steps at each size (docs/decisions/0023)."""

TEMPORAL_WEIGHT = 60.0
"""Weight of the temporal loss in units of the loss of the shot's first frame."""


TARGET = 0.95
"""Share of the loss of the shot's first frame at which a frame's search ends early. Without it each frame adds to
what the search did for all before it, and strokes turn into fine hatching sooner."""


@dataclass
class Shot:
    """What the frames of a shot share, and the last of them.

    Attributes:
        first: the first frame.
        inputs: its images and regions.
        losses: of its result, at the size of each stage; the next frames' searches end near them.
        frame: the last frame, (1, 3, H, W) in 0..1 on the CPU.
        image: what the search made of it, on the device, before its colors are those to show.
    """

    first: Tensor
    inputs: ScaledInputs
    losses: list[float]
    frame: Tensor
    image: Tensor


class SearchPainter:
    """A `FramePainter` that searches for every frame.

    Args:
        plan: for any frame of the clip; all frames have its content's size.

    Raises SpecError for an optimizer or an option that only pictures can have, and VideoError without OpenCV.
    """

    def __init__(self, plan: Plan) -> None:
        check_plan(plan)
        check_flow_library()
        self._plan = plan
        self._shot: Shot | None = None
        self._moments: dict[Size, list[dict[int, StyleMoments]]] = {}
        precision: StagePrecision = "bf16" if plan.precision == "bf16" else "float32"
        with torch.inference_mode(False):
            trained = rescale_trained_layers(plan)
            spec = plan.spec
            network = build_network(spec.network, seed=plan.seed, deepest_layer=spec.deepest_layer, trained=trained)
            self._network: Network = cast_network(network.to(plan.device), precision)
        smallest = compute_minimum_side(spec.network)
        sides = [style.picture.pixels.shape[-2:] for style in plan.styles] + [plan.size]
        self._stages = [
            Stage(shrink_size(Size(*plan.size), factor), precision, steps)
            for factor, steps in SCALES
            if min(min(shrink_size(Size(*side), factor)) for side in sides) >= smallest
        ]
        planner = MemoryPlanner(spec, self._network, masks=0, limit=plan.memory_limit)
        planner.plan_stages(self._stages)
        self._tilings = [
            planner.begin_stage(number, stage, warm_pairs=None).to_tiling() for number, stage in enumerate(self._stages)
        ]

    def paint(self, frame: Tensor, *, is_first_of_shot: bool) -> Tensor:
        """Return the painted frame; both are (1, 3, H, W), sRGB in 0..1, on the CPU.

        Raises DivergedError if the search for a first frame fails, and DeviceError if memory runs out.
        """
        plan = self._plan_for(frame)
        allow_tf32 = plan.precision != "float32"
        with (
            torch.inference_mode(False),
            torch.enable_grad(),
            use_repeatable_kernels(plan.device, allow_tf32=allow_tf32),
            translate_memory_errors(plan),
        ):
            if is_first_of_shot or self._shot is None:
                self._shot = self._paint_first(plan, frame)
            else:
                self._paint_next(self._shot, frame)
            return postprocess(plan, self._shot.image.cpu())

    def state(self) -> dict[str, Tensor]:
        """Return the last frame and its result, and what else of its shot the next frame needs."""
        assert self._shot is not None
        shot = self._shot
        state = {
            "frame": shot.frame,
            "image": shot.image.cpu(),
            "losses": torch.tensor(shot.losses, dtype=torch.float64),
        }
        # Only other colors depend on the first frame.
        return state if isinstance(self._plan.spec.colors, StyleColors) else {**state, "first": shot.first}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Go on after the frame at which the state was taken."""
        first = state.get("first", state["frame"])
        self._moments.clear()
        inputs = prepare_inputs(self._plan_for(first))
        losses = state["losses"].tolist()
        self._shot = Shot(first, inputs, losses, state["frame"], state["image"].to(self._plan.device))

    def _plan_for(self, frame: Tensor) -> Plan:
        return replace(self._plan, content=replace(self._plan.content, pixels=frame))

    def _paint_first(self, plan: Plan, frame: Tensor) -> Shot:
        """Search as for a picture."""
        restarts = build_restarts(plan)
        for _ in restarts:
            pass
        image, inputs = restarts.best_so_far.selected.image, prepare_inputs(plan)
        self._moments.clear()
        losses = []
        for number, stage in enumerate(self._stages):
            objective = self._build_objective(number, inputs.resize(stage.size))
            losses.append(float(objective.evaluate(resize(image, *stage.size)).loss))
        return Shot(frame, inputs, losses, frame, image)

    def _paint_next(self, shot: Shot, frame: Tensor) -> None:
        """Search from the result before, and put frame and result in its place."""
        motion = estimate_motion(shot.frame, frame)
        motion = Motion(motion.flow.to(shot.image.device), motion.validity.to(shot.image.device))
        warped = warp(shot.image, motion.flow).clamp_(0, 1)
        content = color_transfer.to_gray(frame) if paints_gray(self._plan.spec) else frame
        recolored = color_transfer.match_colors(content, shot.image.cpu(), space="lab").to(warped)
        start = recolored.lerp(warped, motion.validity)
        whole = replace(shot.inputs, content=content.to(warped), base=start)
        image, smaller = start, whole
        for number, stage in enumerate(self._stages):
            inputs = whole.resize(stage.size)
            image = resize(start, *stage.size) if number == 0 else upsample_change(image, smaller, inputs)
            term = TemporalTerm(
                resize(warped, *stage.size), resize(motion.validity, *stage.size), TEMPORAL_WEIGHT * shot.losses[-1]
            )
            objective = self._build_objective(number, inputs, term)
            image = minimize(objective, image, stage.steps, target=TARGET * shot.losses[number])
            smaller = inputs
        shot.frame, shot.image = frame, image.clamp(0, 1)

    def _build_objective(self, number: int, inputs: ScaledInputs, term: TemporalTerm | None = None) -> Objective:
        """Return the objective of a stage; what depends on the styles only is computed once for a shot."""
        spec, tiling = self._plan.spec, self._tilings[number]
        guides = build_region_guide_maps(spec, inputs.content, inputs.regions)
        if inputs.size not in self._moments:
            tile_size = tiling.tile_size or inputs.size
            self._moments[inputs.size] = build_style_moments(spec, self._network, inputs.regions, guides, tile_size)
        return build_objective(
            spec,
            self._network,
            inputs.content,
            inputs.regions,
            tiling=tiling,
            guides=guides,
            style_moments=self._moments[inputs.size],
            temporal=term,
        )


def minimize(objective: Objective, start: Tensor, steps: int, *, target: float) -> Tensor:
    """Return the best image after at most some steps, (1, 3, H, W); the last one has a loss of at most `target`.

    The temporal loss does not count for the target.
    """
    minimizer = Minimizer(objective.evaluate, start, LBFGS(steps=steps, history_size=steps))
    for iterate in minimizer:
        if iterate.loss - iterate.parts.get("temporal", 0.0) <= target:
            break
    assert minimizer.best_so_far is not None
    return minimizer.best_so_far.best.image


def check_plan(plan: Plan) -> None:
    """Raise SpecError for what the frames of a video cannot have."""
    if isinstance(plan.spec.optimizer, PaperLBFGS):
        raise SpecError(
            "the frames of a video cannot be painted with optimizer=paper-lbfgs, which stops on absolute tolerances; "
            "choose another preset, or add --set optimizer=lbfgs"
        )
