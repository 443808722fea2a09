"""The legs of a course: sizes and precisions, one after the other, and how many steps each has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from barestyle.networks import Size, minimum_side
from barestyle.spec import CoarseToFine, PaperLBFGS, Spec

Precision = Literal["float32", "bf16", "mixed"]

FINISH = 0.25
"""Share of the finest scale's steps that mixed precision takes in float32."""


class Leg(NamedTuple):
    """A part of the course: a size, a precision, and the most steps; `watched` where it may end before."""

    size: Size
    precision: Literal["float32", "bf16"]
    steps: int
    watched: bool = False


def legs(spec: Spec, size: Size, styles: Sequence[Size], precision: Precision) -> list[Leg]:
    """What a run does one after the other; smaller scales than the network can work with are left out."""
    steps = spec.optimiser.steps
    if isinstance(spec.optimiser, PaperLBFGS):
        return [Leg(size, "float32" if precision == "mixed" else precision, steps * spec.optimiser.iterations_per_step)]
    rough: Literal["float32", "bf16"] = "float32" if precision == "float32" else "bf16"
    watched = precision == "mixed"
    found = []
    if isinstance(spec.scales, CoarseToFine):
        smallest = minimum_side(spec.network)
        for number in range(spec.scales.scales - 1, 0, -1):
            factor = spec.scales.factor**number
            small = shrunk(size, factor)
            if min(min(shrunk(one, factor)) for one in (size, *styles)) >= smallest:
                found.append(Leg(small, rough, steps, watched))
        steps = spec.scales.finest_steps if found else steps
    if not watched:
        return [*found, Leg(size, rough, steps)]
    last = max(round(FINISH * steps), 1)
    first = [Leg(size, "bf16", steps - last, watched)] if steps > last else []
    return [*found, *first, Leg(size, "float32", last)]


def handed_over(leg: Leg, taken: int, to_go: list[Leg]) -> list[Leg]:
    """The legs to go where a watched one is left after so many steps: float32 takes the others, at the same size."""
    left = leg.steps - taken
    if to_go and (to_go[0].size, to_go[0].precision) == (leg.size, "float32"):
        return [to_go[0]._replace(steps=to_go[0].steps + left), *to_go[1:]]
    return [Leg(leg.size, "float32", left), *to_go] if left else to_go


def share_done(legs: list[Leg], step: int) -> float:
    """The share of all legs' work, 0..1, that so many steps are; a step costs what its pixels cost."""
    pixels = [leg.size.height * leg.size.width for leg in legs]
    total = sum(area * leg.steps for area, leg in zip(pixels, legs, strict=True))
    done, left = 0, step
    for area, leg in zip(pixels, legs, strict=True):
        done += area * min(left, leg.steps)
        left -= min(left, leg.steps)
    return done / total


def shrunk(size: Size, factor: float) -> Size:
    """A size divided by a factor, to the nearest pixel."""
    return Size(max(round(size.height / factor), 1), max(round(size.width / factor), 1))
