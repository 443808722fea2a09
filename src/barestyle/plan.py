"""Everything that can be refused is refused here, before any heavy work."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast, get_args

import torch

from barestyle import devices
from barestyle.course import Leg, Precision, legs
from barestyle.errors import ImageError, SpecError
from barestyle.fitting import Fit
from barestyle.images import Picture, Source, read, target_size
from barestyle.memory import parse as parse_memory
from barestyle.networks import SMALLEST_SIDE, Size, minimum_side, pretrained
from barestyle.presets import DEFAULT_PRESET, preset
from barestyle.spec import DEFAULT_LONGEST_SIDE, MAX_PIXELS, VGG, PaperLBFGS, Spec


@dataclass(frozen=True)
class Plan:
    """A run that has passed every check.

    `content` and `style` have the sizes at which they are used; `size` is the content's (height, width).
    `memory` is in bytes, None for what is free. `fits` are how an earlier run's legs were fitted into memory: sums over
    other tiles would round otherwise.
    """

    spec: Spec
    seed: int
    device: torch.device
    content: Picture
    style: Picture
    trained: pretrained.TrainedLayers | None
    precision: Precision = "float32"
    memory: int | None = None
    fits: tuple[Fit, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the result."""
        return self.content.height, self.content.width

    @property
    def steps(self) -> int:
        """The most iterations that a run can take."""
        return sum(leg.steps for leg in self.legs)

    @property
    def legs(self) -> list[Leg]:
        """The scales and precisions of a run, one after the other."""
        return legs(self.spec, Size(*self.size), Size(self.style.height, self.style.width), self.precision)


def prepare(
    content: Source,
    style: Source,
    spec: Spec | str = DEFAULT_PRESET,
    *,
    seed: int = 0,
    device: str = "auto",
    precision: str = "auto",
    memory: str = "auto",
    max_pixels: int = MAX_PIXELS,
    fits: tuple[Fit, ...] = (),
) -> Plan:
    """Everything that can be refused, checked: the arguments and errors are those of `transfer`."""
    with torch.inference_mode(False):  # tensors of that mode could never be differentiated
        plan = _prepared(content, style, _spec_of(spec), seed, device, max_pixels)
        found = _precision(precision, plan)
        return replace(plan, precision=found, memory=parse_memory(str(memory)), fits=fits)


def _precision(name: str, plan: Plan) -> Precision:
    """What a name asks for on the plan's device. Raises SpecError."""
    by_paper = isinstance(plan.spec.optimiser, PaperLBFGS)
    if name == "auto":
        return "mixed" if devices.is_made_for_bf16(plan.device) and not by_paper else "float32"
    if name == "mixed" and by_paper:
        raise SpecError(
            "precision=mixed is not for optimiser=paper-lbfgs, which cannot go on in another precision; "
            "use float32 or bf16, or optimiser=lbfgs"
        )
    for choice in get_args(Precision):
        if name == choice:
            return cast(Precision, choice)
    raise SpecError(f"precision cannot be {name!r}; it takes one of auto, {', '.join(get_args(Precision))}")


def _prepared(content: Source, style: Source, spec: Spec, seed: int, device: str, max_pixels: int) -> Plan:
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < 2**63:
        raise SpecError(f"seed cannot be {seed!r}; it takes a whole number from 0 to 2**63 - 1")
    place = devices.pick(device)
    trained = None
    if isinstance(spec.network, VGG) and spec.network.is_trained:
        trained = pretrained.load(pretrained.find(spec.network.trained_file), spec.deepest_tap)
    pictures = read(content, max_pixels=max_pixels), read(style, max_pixels=max_pixels)
    height, width = _result_size(pictures[0], spec)
    long_side = max(height, width)
    style_size = target_size(pictures[1].height, pictures[1].width, long_side)
    if height * width > max_pixels:
        raise ImageError(
            f"a result of {width} x {height} = {height * width:,} pixels is more than the limit of {max_pixels:,}; "
            "choose a smaller --size, or raise the limit with --max-pixels (max_pixels in Python)"
        )
    for picture, size in zip(pictures, ((height, width), style_size), strict=True):
        check_large_enough(picture, size, spec)
    # Only what the run needs is kept: a photograph of 12 megapixels is 144 MB of floats.
    used = pictures[0].at(height, width), pictures[1].at(*style_size)
    return Plan(spec, seed, place, *used, trained)


def _spec_of(spec: Spec | str) -> Spec:
    if isinstance(spec, str):
        return preset(spec).spec
    if not isinstance(spec, Spec):
        raise SpecError(f"a {type(spec).__name__} is no spec; give a Spec or a preset's name")
    return Spec.from_data(spec.model_dump())  # model_copy(update=...) checks nothing


def _result_size(content: Picture, spec: Spec) -> tuple[int, int]:
    long_side = spec.size or min(max(content.height, content.width), DEFAULT_LONGEST_SIDE)
    return target_size(content.height, content.width, long_side)


def check_large_enough(picture: Picture, size: tuple[int, int], spec: Spec) -> None:
    """Refuse a picture that would be used at a size (height, width) below what a network needs. Raises ImageError."""
    smallest = minimum_side(spec.network)
    if min(picture.height, picture.width) < SMALLEST_SIDE:
        raise ImageError(
            f"{picture.name} has {picture.width} x {picture.height} pixels, but this network needs at least "
            f"{smallest} a side; give a larger picture"
        )
    if min(size) < smallest:
        raise ImageError(
            f"{picture.name} has {picture.width} x {picture.height} pixels and would be used at "
            f"{size[1]} x {size[0]}, but this network needs at least {smallest} a side; "
            "give a larger --size or a less narrow picture"
        )
