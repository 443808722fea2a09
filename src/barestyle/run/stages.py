"""The stages of a run, in order: the size and precision of each, and how many steps it has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from barestyle.networks import Size, compute_minimum_side
from barestyle.run.precision import FLOAT32_FRACTION, Precision, StagePrecision
from barestyle.spec import CoarseToFine, PaperLBFGS, Spec, StyleStart

FEWEST_BF16_PIXELS = 200 * 200
"""Mixed precision takes smaller scales in float32, where bfloat16 saves no time and its noise costs evaluations."""


class Stage(NamedTuple):
    """A part of a run at one size and precision, of at most `steps` steps.

    With `precision_checked` the stage ends early if bfloat16 becomes too inaccurate.
    """

    size: Size
    precision: StagePrecision
    steps: int
    precision_checked: bool = False


def plan_stages(spec: Spec, size: Size, styles: Sequence[Size], precision: Precision) -> list[Stage]:
    """Return the stages of a run whose result has `size`; scales below the network's minimum size are skipped.

    A start from a trained style has its last scales only. `styles` are the sizes of the style images, which shrink with
    the result.
    """
    steps = spec.optimizer.steps
    if isinstance(spec.optimizer, PaperLBFGS):
        narrow: StagePrecision = "float32" if precision == "mixed" else precision
        return [Stage(size, narrow, steps * spec.optimizer.iterations_per_step)]
    narrow = "float32" if precision == "float32" else "bf16"
    precision_checked = precision == "mixed"
    sizes = _coarse_sizes(spec, size, styles)
    coarse = []
    if sizes and isinstance(spec.scales, CoarseToFine):
        *coarse_steps, steps = _divide_steps(steps, spec.scales.finest_steps, len(sizes) + 1)
        for small, count in zip(sizes, coarse_steps, strict=True):
            is_narrow = narrow == "bf16" and not (precision_checked and small.height * small.width < FEWEST_BF16_PIXELS)
            coarse.append(Stage(small, narrow if is_narrow else "float32", count, is_narrow and precision_checked))
    if isinstance(spec.start, StyleStart):
        coarse = coarse[max(len(coarse) + 1 - spec.start.scales, 0) :]
    if not precision_checked:
        return [*coarse, Stage(size, narrow, steps)]
    float32_steps = max(round(FLOAT32_FRACTION * steps), 1)
    finest = [Stage(size, "bf16", steps - float32_steps, precision_checked)] if steps > float32_steps else []
    return [*coarse, *finest, Stage(size, "float32", float32_steps)]


def _divide_steps(coarsest: int, finest: int, count: int) -> list[int]:
    """Return the steps of each scale, from the coarsest to the finest, at a constant ratio."""
    return [max(round(coarsest * (finest / coarsest) ** (number / (count - 1))), 1) for number in range(count)]


def _coarse_sizes(spec: Spec, size: Size, styles: Sequence[Size]) -> list[Size]:
    """Return the sizes before the result's own, smallest first."""
    if not isinstance(spec.scales, CoarseToFine):
        return []
    smallest = compute_minimum_side(spec.network)
    factors = [spec.scales.factor**number for number in range(spec.scales.count - 1, 0, -1)]
    return [
        shrink_size(size, factor)
        for factor in factors
        if min(min(shrink_size(image, factor)) for image in (size, *styles)) >= smallest
    ]


def reassign_steps(stage: Stage, taken: int, remaining: list[Stage]) -> list[Stage]:
    """Return the remaining stages after a bf16 stage ended early, `taken` steps in.

    Float32 takes the steps that are left, at the same size.
    """
    left = stage.steps - taken
    if remaining and (remaining[0].size, remaining[0].precision) == (stage.size, "float32"):
        return [remaining[0]._replace(steps=remaining[0].steps + left), *remaining[1:]]
    return [Stage(stage.size, "float32", left), *remaining] if left else remaining


def shrink_size(size: Size, factor: float) -> Size:
    """Return a size divided by a factor, rounded to whole pixels."""
    return Size(max(round(size.height / factor), 1), max(round(size.width / factor), 1))
