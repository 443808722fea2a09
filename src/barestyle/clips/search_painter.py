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
from barestyle.losses import Moments, TemporalTerm
from barestyle.networks import Network, Size, build_network, compute_minimum_side
from barestyle.objective import build_objective, build_region_guide_maps, build_style_moments
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
"""Factors by which a frame after the first is shrunk, and the steps at each size (docs/decisions/0023)."""

TEMPORAL_WEIGHT = 60.0
"""Weight of the temporal loss in units of the loss at which the search for the shot's first frame ended."""


@dataclass
class Shot:
    """What the frames of a shot share, and the last of them.

    Attributes:
        first: the first frame.
        inputs: its images and regions.
        loss: at the end of its search.
        frame: the last frame, (1, 3, H, W) in 0..1 on the CPU.
        image: what the search made of it, on the device, before its colors are those to show.
    """

    first: Tensor
    inputs: ScaledInputs
    loss: float
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
        self._moments: dict[Size, list[dict[int, Moments]]] = {}
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
            "loss": torch.tensor(shot.loss, dtype=torch.float64),
        }
        # Only other colors depend on the first frame.
        return state if isinstance(self._plan.spec.colors, StyleColors) else {**state, "first": shot.first}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Go on after the frame at which the state was taken."""
        first = state.get("first", state["frame"])
        self._moments.clear()
        inputs = prepare_inputs(self._plan_for(first))
        self._shot = Shot(first, inputs, float(state["loss"]), state["frame"], state["image"].to(self._plan.device))

    def _plan_for(self, frame: Tensor) -> Plan:
        return replace(self._plan, content=replace(self._plan.content, pixels=frame))

    def _paint_first(self, plan: Plan, frame: Tensor) -> Shot:
        """Search as for a picture."""
        restarts = build_restarts(plan)
        for _ in restarts:
            pass
        selected = restarts.best_so_far.selected
        self._moments.clear()
        return Shot(frame, prepare_inputs(plan), selected.loss, frame, selected.image)

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
                resize(warped, *stage.size), resize(motion.validity, *stage.size), TEMPORAL_WEIGHT * shot.loss
            )
            image, smaller = self._minimize(number, inputs, image, term), inputs
        shot.frame, shot.image = frame, image.clamp(0, 1)

    def _minimize(self, number: int, inputs: ScaledInputs, start: Tensor, term: TemporalTerm) -> Tensor:
        """Return the best image of a stage."""
        spec, tiling, steps = self._plan.spec, self._tilings[number], self._stages[number].steps
        guides = build_region_guide_maps(spec, inputs.content, inputs.regions)
        if inputs.size not in self._moments:
            tile_size = tiling.tile_size or inputs.size
            self._moments[inputs.size] = build_style_moments(spec, self._network, inputs.regions, guides, tile_size)
        objective = build_objective(
            spec,
            self._network,
            inputs.content,
            inputs.regions,
            tiling=tiling,
            guides=guides,
            style_moments=self._moments[inputs.size],
            temporal=term,
        )
        minimizer = Minimizer(objective.evaluate, start, LBFGS(steps=steps, history_size=steps))
        for _ in minimizer:
            pass
        assert minimizer.best_so_far is not None
        return minimizer.best_so_far.best.image


def check_plan(plan: Plan) -> None:
    """Raise SpecError for what the frames of a video cannot have."""
    if isinstance(plan.spec.optimizer, PaperLBFGS):
        raise SpecError(
            "the frames of a video cannot be painted with optimizer=paper-lbfgs, which stops on absolute tolerances; "
            "choose another preset, or add --set optimizer=lbfgs"
        )
