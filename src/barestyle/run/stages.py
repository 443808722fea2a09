"""The legs of a course: sizes and precisions, one after the other, and how many steps each has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from barestyle.networks import Size, minimum_side
from barestyle.spec import CoarseToFine, PaperLBFGS, Spec

Precision = Literal["float32", "bf16", "mixed"]

FLOAT32_FRACTION = 0.25
"""Share of the finest scale's steps that mixed precision takes in float32."""


class Stage(NamedTuple):
    """A part of the course: a size, a precision, and the most steps; `watched` where it may end before."""

    size: Size
    precision: Literal["float32", "bf16"]
    steps: int
    precision_checked: bool = False


def plan_stages(spec: Spec, size: Size, styles: Sequence[Size], precision: Precision) -> list[Stage]:
    """What a run does one after the other; smaller scales than the network can work with are left out."""
    steps = spec.optimizer.steps
    if isinstance(spec.optimizer, PaperLBFGS):
        return [
            Stage(size, "float32" if precision == "mixed" else precision, steps * spec.optimizer.iterations_per_step)
        ]
    rough: Literal["float32", "bf16"] = "float32" if precision == "float32" else "bf16"
    precision_checked = precision == "mixed"
    found = []
    if isinstance(spec.scales, CoarseToFine):
        smallest = minimum_side(spec.network)
        for number in range(spec.scales.scales - 1, 0, -1):
            factor = spec.scales.factor**number
            small = shrunk(size, factor)
            if min(min(shrunk(one, factor)) for one in (size, *styles)) >= smallest:
                found.append(Stage(small, rough, steps, precision_checked))
        steps = spec.scales.finest_steps if found else steps
    if not precision_checked:
        return [*found, Stage(size, rough, steps)]
    last = max(round(FLOAT32_FRACTION * steps), 1)
    first = [Stage(size, "bf16", steps - last, precision_checked)] if steps > last else []
    return [*found, *first, Stage(size, "float32", last)]


def reassign_steps(stage: Stage, taken: int, to_go: list[Stage]) -> list[Stage]:
    """The legs to go where a watched one is left after so many steps: float32 takes the others, at the same size."""
    left = stage.steps - taken
    if to_go and (to_go[0].size, to_go[0].precision) == (stage.size, "float32"):
        return [to_go[0]._replace(steps=to_go[0].steps + left), *to_go[1:]]
    return [Stage(stage.size, "float32", left), *to_go] if left else to_go


def fraction_done(plan_stages: list[Stage], step: int) -> float:
    """The share of all legs' work, 0..1, that so many steps are; a step costs what its pixels cost."""
    pixels = [stage.size.height * stage.size.width for stage in plan_stages]
    total = sum(area * stage.steps for area, stage in zip(pixels, plan_stages, strict=True))
    done, left = 0, step
    for area, stage in zip(pixels, plan_stages, strict=True):
        done += area * min(left, stage.steps)
        left -= min(left, stage.steps)
    return done / total


def shrunk(size: Size, factor: float) -> Size:
    """A size divided by a factor, to the nearest pixel."""
    return Size(max(round(size.height / factor), 1), max(round(size.width / factor), 1))
