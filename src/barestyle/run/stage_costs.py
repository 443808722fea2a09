"""What the stages of a run cost: seconds of their preparation and of their steps, by a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from barestyle.losses import GUIDE_CHANNELS
from barestyle.networks import Network, Size
from barestyle.objective import get_guide
from barestyle.run.memory_plan import MemoryPlan, relative_cost
from barestyle.run.operations import count_guide_operations, count_operations
from barestyle.run.precision import CHECK_EVERY
from barestyle.run.speed import Speed
from barestyle.run.stages import Stage, shrink_size
from barestyle.spec import LBFGS, PaperLBFGS, Spec, WhitenedLoss

EVALUATIONS_PER_STEP = 1.05
"""Of the robust optimizer, measured on the images of the shipped studies; its line search needs more than one."""

TARGET_EVALUATIONS = 0.7
"""Evaluations that computing a style's statistics takes, for a style image of the size of the evaluated one.

With FLOAT32_CHECK, from runs of the three `bare` presets at 256 to 1024 pixels.
"""

BUILD_LAYERS = 30
"""Layers of an evaluation that take as long as building an objective and an optimizer takes at any size."""

WHITENED_STEPS = 50
"""Steps after which a stage with a whitened loss is usually at a plateau, if it may take more.

`bare` at one scale and 96 pixels ended after 46 and 49 of 200 steps. With the Gram loss, `npnd`, `hand-made` and
`paper` took all steps, and the pyramids 0.7 of them on average (docs/performance.md).
"""

FLOAT32_CHECK = 1 + TARGET_EVALUATIONS
"""Evaluations in float32 that a check of bfloat16's accuracy takes: a gradient, and the styles' statistics."""


@dataclass(frozen=True)
class StageCost:
    """Seconds of a stage.

    Attributes:
        steps: most steps that it takes.
        expected: steps that it usually takes.
        setup: seconds before its first step, the evaluation of its start included.
        step: seconds of a step.
        patience: steps over which the plateau detector compares losses; None if the stage has none.
        tolerance: least share by which the loss has to decrease over `patience` steps.
    """

    steps: int
    expected: int
    setup: float
    step: float
    patience: int | None = None
    tolerance: float = 0.0

    @property
    def seconds(self) -> float:
        """Seconds of the whole stage."""
        return self.setup + self.expected * self.step


def compute_stage_costs(
    spec: Spec,
    stages: Sequence[Stage],
    styles: Sequence[Size],
    network: Network,
    speed: Speed,
    *,
    memory_plans: Sequence[MemoryPlan],
    regions: int = 1,
) -> list[StageCost]:
    """Return the cost of every stage of a run.

    Args:
        spec: the settings.
        stages: of the run, whose last one has the size of the result.
        styles: sizes of the style images beside the result.
        network: a network of the spec's shape; its weights do not matter.
        speed: of the machine.
        memory_plans: one for each stage.
        regions: number of masks, or 1.
    """
    guide = get_guide(spec)
    channels = 0 if guide is None else regions * GUIDE_CHANNELS
    taps, result = set(spec.style_loss.layers), stages[-1].size
    costs: list[StageCost] = []
    is_checked = False
    previous: Size | None = None
    for number, stage in enumerate(stages):

        def time_evaluations(size: Size, *, is_float32: bool = False, number: int = number) -> float:
            operations = count_operations(network, size, taps, channels)
            precision = "float32" if is_float32 else stages[number].precision
            return relative_cost(network, size, memory_plans[number]) * speed.time_evaluation(operations, precision)

        step = time_evaluations(stage.size)
        small_styles = [shrink_size(style, max(result) / max(stage.size)) for style in styles]
        setup = step + TARGET_EVALUATIONS * sum(time_evaluations(style) for style in small_styles)
        setup += BUILD_LAYERS * speed.layer
        if guide is not None and stage.size != previous:
            setup += regions * speed.float32 * count_guide_operations(stage.size, guide.resolution)
        check = step + FLOAT32_CHECK * time_evaluations(stage.size, is_float32=True)
        if stage.precision_checked and not is_checked:
            setup, is_checked = setup + check, True
        step *= EVALUATIONS_PER_STEP if isinstance(spec.optimizer, LBFGS) else 1.0
        if stage.precision_checked:
            step += check * ((stage.steps - 1) // CHECK_EVERY) / stage.steps
        costs.append(_make_cost(spec, stage.steps, setup, step))
        previous = stage.size
    return costs


def _make_cost(spec: Spec, steps: int, setup: float, step: float) -> StageCost:
    optimizer = spec.optimizer
    if isinstance(optimizer, PaperLBFGS):
        return StageCost(steps, steps, setup, step)
    return StageCost(steps, expect_steps(spec, steps), setup, step, optimizer.patience, optimizer.tolerance)


def expect_steps(spec: Spec, steps: int) -> int:
    """Return how many of at most `steps` steps a stage usually takes before the loss is at a plateau."""
    optimizer = spec.optimizer
    usual = LBFGS()
    if not isinstance(optimizer, LBFGS) or optimizer.tolerance < usual.tolerance:
        return steps
    if not isinstance(spec.style_loss, WhitenedLoss):
        return steps
    return min(steps, WHITENED_STEPS + max(optimizer.patience - usual.patience, 0))
