"""From a request to a plan: reads the pictures, and refuses bad input before any heavy work."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch

from barestyle.distributed import ALONE, ProcessGroup, agree
from barestyle.errors import DeviceError, ImageError, SpecError
from barestyle.hardware import devices
from barestyle.hardware.memory import parse_memory
from barestyle.images import Picture, Source, read_split, target_size
from barestyle.limits import DEFAULT_LONGEST_SIDE
from barestyle.networks import SMALLEST_SIDE, Size, compute_minimum_side, vgg19
from barestyle.presets import preset
from barestyle.run.inputs import Style, read_keep, read_start, read_styles
from barestyle.run.memory_plan import MemoryPlan
from barestyle.run.precision import Precision, choose_precision
from barestyle.run.request import Request
from barestyle.run.stages import Stage, plan_stages
from barestyle.run.style_start import is_style_file
from barestyle.spec import VGG, LuminanceColors, MatchedColors, NoiseStart, PaperLBFGS, PictureStart, Spec, StyleStart

FEWEST_ROWS_OF_A_PROCESS = 4
"""Each process has at least one row of a picture that is pooled twice."""


@dataclass(frozen=True)
class Plan:
    """A run that has passed every check. All pictures have the sizes at which they are used.

    Attributes:
        spec: the settings, with the kind of start that the request asks for.
        seed: seed of the network's weights at the first attempt.
        device: where the run computes.
        precision: float32, bf16 or mixed.
        memory_limit: bytes that the process may use; None for most of what is free.
        trained: trained layers, not yet rescaled; None for an untrained network.
        content: the content picture, at the size of the result.
        styles: the style pictures with their weights and masks.
        keep: mask of the pixels that stay the content's; None if there is none.
        start: picture to start from; None to start from the content or from noise.
        memory_plans: plans of an earlier run's stages; other tiles would round sums differently.
    """

    spec: Spec
    seed: int
    device: torch.device
    precision: Precision
    memory_limit: int | None
    trained: vgg19.TrainedLayers | None
    content: Picture
    styles: tuple[Style, ...]
    keep: Picture | None
    start: Picture | None
    memory_plans: tuple[MemoryPlan, ...]

    @property
    def style(self) -> Picture:
        """The first style, which is the only one in most runs."""
        return self.styles[0].picture

    @property
    def pictures(self) -> list[Picture]:
        """Every picture that the run reads: content, styles, masks and start."""
        optional = [self.keep, self.start, *(style.mask for style in self.styles)]
        styles = [style.picture for style in self.styles]
        return [self.content, *(picture for picture in optional if picture is not None), *styles]

    @property
    def files(self) -> list[Path]:
        """Every file that the run reads."""
        sources = (*self.pictures, self.trained)
        return [source.path for source in sources if source is not None and source.path is not None]

    @property
    def run_key(self) -> tuple[object, ...]:
        """Key that equals `Record.run_key` of the run's record."""
        single = [source and source.sha256 for source in (self.content, self.start, self.trained)]
        styles = [(style.picture.sha256, style.weight, style.mask and style.mask.mask_key) for style in self.styles]
        return (self.spec.digest, self.seed, self.precision, single, styles, self.keep and self.keep.mask_key)

    @property
    def group(self) -> ProcessGroup:
        """The processes that compute the picture together."""
        return self.content.group

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the result."""
        return self.content.height, self.content.width

    @property
    def steps(self) -> int:
        """Most iterations that an attempt can take."""
        return sum(stage.steps for stage in self.stages)

    @property
    def stages(self) -> list[Stage]:
        """The stages of an attempt, in order: one for each scale and precision."""
        styles = [Size(style.picture.height, style.picture.width) for style in self.styles]
        return plan_stages(self.spec, Size(*self.size), styles, self.precision)


def prepare(request: Request, *, memory_plans: tuple[MemoryPlan, ...] = ()) -> Plan:
    """Check a request, read its pictures, and return the plan of the run.

    `memory_plans` are those of an earlier run, to be used again. Raises SpecError, ImageError, WeightsError,
    DeviceError.
    """
    with torch.inference_mode(False):  # tensors made in inference mode could never have a gradient
        group = request.group
        limit = request.max_pixels * group.size
        # 1. Check the settings.
        spec = choose_start(check_spec(request.spec), request.start)
        check_seed(request.seed)
        device = agree(group, lambda: select_device(request.device, group))[group.rank]
        precision = choose_precision(request.precision, spec, device)
        check_split(spec, group)
        memory_limit = parse_memory(str(request.memory))
        trained = load_trained_layers(spec)
        # 2. Read the content, which decides the size of the result.
        content = read_content(request.content, spec, limit, group)
        # 3. Read what is sized relative to it.
        styles = read_styles(
            request.style, weights=request.weights, masks=request.masks, content=content, max_pixels=limit
        )
        styles = tuple(replace(style, picture=scale_style(style.picture, content, spec, limit)) for style in styles)
        keep = None if request.keep is None else read_keep(request.keep, content, limit)
        start = None if request.start is None else read_start(request.start, content, limit)
    return Plan(
        spec=spec,
        seed=request.seed,
        device=device,
        precision=precision,
        memory_limit=memory_limit,
        trained=trained,
        content=content,
        styles=styles,
        keep=keep,
        start=start,
        memory_plans=memory_plans,
    )


def check_options(spec: Spec, *, seed: int, device: str, precision: str, memory: str) -> None:
    """Refuse options that are wrong for every picture. Raises SpecError, DeviceError."""
    check_seed(seed)
    choose_precision(precision, spec, devices.select_device(device))
    parse_memory(str(memory))
    choose_start(spec, None)


def select_device(name: str, group: ProcessGroup) -> torch.device:
    """Return the device of a name, one for each process of a group. Raises DeviceError."""
    device = devices.select_device(name)
    if group.size == 1:
        return device
    if device.type == "mps":
        if name == "auto":
            return torch.device("cpu")
        raise DeviceError(
            "several processes cannot share the device 'mps'; use --device cpu, or start a single process"
        )
    if device.type == "cuda" and (device.index is not None or group.local_size > torch.cuda.device_count()):
        raise DeviceError(
            f"{group.local_size} processes on this machine need a GPU each, and it has {torch.cuda.device_count()}; "
            "start one process for each GPU with --device cuda, or use --device cpu"
        )
    return device


def check_split(spec: Spec, group: ProcessGroup) -> None:
    """Raise SpecError if the spec has something that needs the whole picture in one process."""
    if group.size == 1:
        return
    if isinstance(spec.optimizer, PaperLBFGS):
        raise SpecError(
            "optimizer=paper-lbfgs cannot be split among processes; use optimizer=lbfgs, or start a single process"
        )
    if isinstance(spec.colors, MatchedColors) or (
        isinstance(spec.colors, LuminanceColors) and spec.colors.when == "before"
    ):
        raise SpecError(
            f"colors={spec.colors.kind} needs the whole picture in one process; leave it out, and change the colors of "
            "the result with `barestyle recolor`, or start a single process"
        )


def check_spec(spec: Spec | str) -> Spec:
    """Return a preset's spec by name, or a valid spec itself. Raises SpecError."""
    if isinstance(spec, str):
        return preset(spec).spec
    if not isinstance(spec, Spec):
        raise SpecError(f"spec must be a Spec or a preset name, not {type(spec).__name__}")
    return Spec.from_data(spec.model_dump())  # model_copy(update=...) checks nothing


def choose_start(spec: Spec, start: Source | None) -> Spec:
    """Return the spec with start=picture or start=style if there is a start.

    Raises SpecError if it asks for another start.
    """
    if start is None and isinstance(spec.start, PictureStart):
        raise SpecError("start=picture needs an image; name it with --start (start in Python)")
    if start is None and isinstance(spec.start, StyleStart):
        raise SpecError("start=style needs a trained style; name its file with --start (start in Python)")
    if start is None:
        return spec
    if isinstance(spec.start, NoiseStart):
        raise SpecError("a run cannot start both from noise and from an image; leave out start=noise or the image")
    if is_style_file(start):
        return spec if isinstance(spec.start, StyleStart) else spec.model_copy(update={"start": StyleStart()})
    return spec.model_copy(update={"start": PictureStart()})


def check_seed(seed: int) -> None:
    """Raise SpecError unless the seed is a whole number from 0 to 2**63 - 1."""
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < 2**63:
        raise SpecError(f"seed cannot be {seed!r}; it must be a whole number from 0 to 2**63 - 1")


def load_trained_layers(spec: Spec) -> vgg19.TrainedLayers | None:
    """Read the trained layers that the network needs, or return None. Raises WeightsError."""
    if not isinstance(spec.network, VGG) or not spec.network.is_trained:
        return None
    return vgg19.load_layers(vgg19.find_weights(spec.network.trained_file), spec.deepest_layer)


def read_content(source: Source, spec: Spec, max_pixels: int, group: ProcessGroup = ALONE) -> Picture:
    """Read the content picture at the size of the result. Raises ImageError."""
    picture = read_split(source, group, max_pixels=max_pixels)
    size = choose_result_size(picture.height, picture.width, spec)
    check_pixels(size, max_pixels, "a result", "--size")
    check_large_enough(picture, size, spec)
    if size[0] < FEWEST_ROWS_OF_A_PROCESS * group.size:
        raise SpecError(
            f"{group.size} processes are too many for {size[0]} rows of pixels; use at most "
            f"{max(size[0] // FEWEST_ROWS_OF_A_PROCESS, 1)}, or a larger --size"
        )
    # Only the small copy is kept: a photograph of 12 megapixels is 144 MB of floats.
    return picture.resize(*size)


def scale_style(style: Picture, content: Picture, spec: Spec, max_pixels: int) -> Picture:
    """Return a style picture at the size at which its statistics are computed. Raises ImageError."""
    size = choose_style_size((style.height, style.width), (content.height, content.width), spec)
    if spec.style_scale > 1:
        check_pixels(size, max_pixels, "a style", "--style-scale")
    check_large_enough(style, size, spec, "--style-scale" if spec.style_scale < 1 else "--size")
    return style.resize(*size)


def choose_result_size(height: int, width: int, spec: Spec) -> tuple[int, int]:
    """Return the height and width of the result of a content of this height and width."""
    return target_size(height, width, spec.size or min(max(height, width), DEFAULT_LONGEST_SIDE))


def choose_style_size(style: tuple[int, int], result: tuple[int, int], spec: Spec) -> tuple[int, int]:
    """Return the height and width at which a style's statistics are computed, from those of its file and the result."""
    return target_size(*style, max(round(max(result) * spec.style_scale), 1))


def check_pixels(size: tuple[int, int], max_pixels: int, what: str, option: str) -> None:
    """Raise ImageError if a picture of this size (height, width) would have more pixels than allowed."""
    height, width = size
    if height * width > max_pixels:
        raise ImageError(
            f"{what} of {width} x {height} = {height * width:,} pixels is more than the limit of {max_pixels:,}; "
            f"choose a smaller {option}, or raise the limit with --max-pixels (max_pixels in Python)"
        )


def check_large_enough(picture: Picture, size: tuple[int, int], spec: Spec, option: str = "--size") -> None:
    """Raise ImageError if a picture, used at this size (height, width), is smaller than the network's minimum."""
    smallest = compute_minimum_side(spec.network)
    if min(picture.height, picture.width) < SMALLEST_SIDE:
        raise ImageError(
            f"{picture.name} has {picture.width} x {picture.height} pixels, but this network needs at least "
            f"{smallest} pixels per side; use a larger image"
        )
    if min(size) < smallest:
        raise ImageError(
            f"{picture.name} has {picture.width} x {picture.height} pixels and would be used at "
            f"{size[1]} x {size[0]}, but this network needs at least {smallest} pixels per side; "
            f"choose a larger {option} or a less narrow image"
        )
