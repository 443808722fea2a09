"""Everything that can be refused is refused here, before any heavy work."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast, get_args

import torch

from barestyle.errors import ImageError, SpecError
from barestyle.hardware import devices
from barestyle.hardware.memory import parse_memory
from barestyle.images import Picture, Source, read, target_size
from barestyle.networks import SMALLEST_SIDE, Size, minimum_side
from barestyle.networks import vgg19 as pretrained
from barestyle.presets import preset
from barestyle.run.inputs import Style, read_keep, read_start, read_styles
from barestyle.run.memory_plan import MemoryPlan
from barestyle.run.request import Request
from barestyle.run.stages import Precision, Stage, plan_stages
from barestyle.spec import DEFAULT_LONGEST_SIDE, VGG, NoiseStart, PaperLBFGS, PictureStart, Spec


@dataclass(frozen=True)
class Plan:
    """A run that has passed every check.

    All pictures have the sizes at which they are used; `size` is the content's (height, width). `keep` is the mask of
    what stays as it is, and `start` where the search begins, if that is neither the content nor noise.
    `memory` is in bytes, None for what is free. `fits` are how an earlier run's legs were fitted into memory: sums over
    other tiles would round otherwise.
    """

    spec: Spec
    seed: int
    device: torch.device
    content: Picture
    styles: tuple[Style, ...]
    trained: pretrained.TrainedLayers | None
    precision: Precision = "float32"
    memory: int | None = None
    memory_plans: tuple[MemoryPlan, ...] = ()
    keep: Picture | None = None
    start: Picture | None = None

    @property
    def style(self) -> Picture:
        """The first style, which is the only one in most runs."""
        return self.styles[0].picture

    @property
    def files(self) -> list[Path]:
        """Every file that goes into the run."""
        pictures = [self.content, self.keep, self.start, *(style.picture for style in self.styles)]
        pictures += [style.mask for style in self.styles]
        return [one.path for one in (*pictures, self.trained) if one is not None and one.path is not None]

    @property
    def run_key(self) -> tuple[object, ...]:
        """That of the record that the run will have."""
        single = [source and source.sha256 for source in (self.content, self.keep, self.start, self.trained)]
        styles = [(style.picture.sha256, style.weight, style.mask and style.mask.sha256) for style in self.styles]
        return (self.spec.digest, self.seed, self.precision, single, styles)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the result."""
        return self.content.height, self.content.width

    @property
    def steps(self) -> int:
        """The most iterations that a run can take."""
        return sum(stage.steps for stage in self.stages)

    @property
    def stages(self) -> list[Stage]:
        """The scales and precisions of a run, one after the other."""
        styles = [Size(style.picture.height, style.picture.width) for style in self.styles]
        return plan_stages(self.spec, Size(*self.size), styles, self.precision)


def prepare(request: Request, *, memory_plans: tuple[MemoryPlan, ...] = ()) -> Plan:
    """Check everything that can be refused before any heavy work; raises what `transfer` raises.

    `memory_plans` are those of an earlier run's stages, to be repeated.
    """
    with torch.inference_mode(False):  # tensors of that mode could never be differentiated
        spec = _started(_spec_of(request.spec), request.start)
        plan = _prepared(request.content, spec, request.seed, request.device, request.max_pixels)
        plan = replace(
            plan,
            precision=_precision_of(request.precision, spec, plan.device),
            memory=parse_memory(str(request.memory)),
            memory_plans=memory_plans,
        )
        content, limit = plan.content, request.max_pixels
        styles = read_styles(
            request.style, weights=request.weights, masks=request.masks, content=content, max_pixels=limit
        )
        return replace(
            plan,
            styles=tuple(replace(style, picture=_as_used(style.picture, plan, limit)) for style in styles),
            keep=None if request.keep is None else read_keep(request.keep, content, limit),
            start=None if request.start is None else read_start(request.start, content, limit),
        )


def check_options(spec: Spec, *, seed: int, device: str, precision: str, memory: str) -> None:
    """Refuse what no pictures can make right; see `prepare`. Raises SpecError, DeviceError, WeightsError."""
    _check_seed(seed)
    _precision_of(precision, spec, devices.select_device(device))
    parse_memory(str(memory))
    _started(spec, None)


def _started(spec: Spec, start: Source | None) -> Spec:
    """The spec with the kind of start that is given. Raises SpecError where it asks for another one."""
    if start is None and isinstance(spec.start, PictureStart):
        raise SpecError("start=picture needs the picture; name it with --start (start in Python)")
    if start is None:
        return spec
    if isinstance(spec.start, NoiseStart):
        raise SpecError("the search cannot begin both with noise and with a picture; leave out one of them")
    return spec.model_copy(update={"start": PictureStart()})


def _as_used(style: Picture, plan: Plan, max_pixels: int) -> Picture:
    """A style's picture at the size at which its statistics are taken. Raises ImageError."""
    long_side = max(round(max(plan.size) * plan.spec.style_scale), 1)
    size = target_size(style.height, style.width, long_side)
    if plan.spec.style_scale > 1:
        check_pixels(size, max_pixels, "a style", "--style-scale")
    check_large_enough(style, size, plan.spec, "--style-scale" if plan.spec.style_scale < 1 else "--size")
    return style.at(*size)


def _precision_of(name: str, spec: Spec, device: torch.device) -> Precision:
    """What a name asks for on a device. Raises SpecError."""
    by_paper = isinstance(spec.optimizer, PaperLBFGS)
    if name == "auto":
        return "mixed" if devices.has_fast_bf16(device) and not by_paper else "float32"
    if name == "mixed" and by_paper:
        raise SpecError(
            "precision=mixed is not for optimizer=paper-lbfgs, which cannot go on in another precision; "
            "use float32 or bf16, or optimizer=lbfgs"
        )
    for choice in get_args(Precision):
        if name == choice:
            return cast(Precision, choice)
    raise SpecError(f"precision cannot be {name!r}; it takes one of auto, {', '.join(get_args(Precision))}")


def _prepared(content: Source, spec: Spec, seed: int, device: str, max_pixels: int) -> Plan:
    """All but what comes beside the content."""
    _check_seed(seed)
    place = devices.select_device(device)
    trained = None
    if isinstance(spec.network, VGG) and spec.network.is_trained:
        trained = pretrained.load(pretrained.find(spec.network.trained_file), spec.deepest_tap)
    picture = read(content, max_pixels=max_pixels)
    size = _result_size(picture, spec)
    check_pixels(size, max_pixels, "a result", "--size")
    check_large_enough(picture, size, spec)
    # Only what the run needs is kept: a photograph of 12 megapixels is 144 MB of floats.
    return Plan(spec, seed, place, picture.at(*size), (), trained)


def check_pixels(size: tuple[int, int], max_pixels: int, what: str, option: str) -> None:
    """Refuse a picture that would become too large. Raises ImageError."""
    height, width = size
    if height * width > max_pixels:
        raise ImageError(
            f"{what} of {width} x {height} = {height * width:,} pixels is more than the limit of {max_pixels:,}; "
            f"choose a smaller {option}, or raise the limit with --max-pixels (max_pixels in Python)"
        )


def _check_seed(seed: int) -> None:
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < 2**63:
        raise SpecError(f"seed cannot be {seed!r}; it takes a whole number from 0 to 2**63 - 1")


def _spec_of(spec: Spec | str) -> Spec:
    if isinstance(spec, str):
        return preset(spec).spec
    if not isinstance(spec, Spec):
        raise SpecError(f"a {type(spec).__name__} is no spec; give a Spec or a preset's name")
    return Spec.from_data(spec.model_dump())  # model_copy(update=...) checks nothing


def _result_size(content: Picture, spec: Spec) -> tuple[int, int]:
    long_side = spec.size or min(max(content.height, content.width), DEFAULT_LONGEST_SIDE)
    return target_size(content.height, content.width, long_side)


def check_large_enough(picture: Picture, size: tuple[int, int], spec: Spec, option: str = "--size") -> None:
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
            f"give a larger {option} or a less narrow picture"
        )
