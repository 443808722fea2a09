"""What a training is asked to do, and what it needs: every input is read and checked before the first step."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from barestyle import samples
from barestyle.errors import ImageError, SpecError, StyleFileError
from barestyle.feed_forward.color_curves import measure_quantiles
from barestyle.feed_forward.network import NetworkShape
from barestyle.feed_forward.photographs import PHOTO_SIDE, find_photographs, prepare_photographs, read_photographs
from barestyle.feed_forward.trained_style import MAX_NAME, MAX_STYLES, TrainedStyle, load_style
from barestyle.feed_forward.training import Training, TrainingSettings, choose_training_precision
from barestyle.feed_forward.training_loss import SCALE_WEIGHTS, PooledStyleLoss
from barestyle.hardware.devices import select_device
from barestyle.images import Picture, read, target_size
from barestyle.losses import Region, StyleImage, build_guide_maps
from barestyle.networks import SMALLEST_SIDE, build_network, compute_minimum_side
from barestyle.presets import preset
from barestyle.spec import Spec, StructureGuide, WhitenedLoss

LOSS_PRESET = "bare-fast"
"""The preset whose untrained network and style loss a training uses."""

SMALLEST_CROP = 112
"""An eighth of it has the 14 pixels that the network needs, and one more than its margin."""

LARGEST_CROP = PHOTO_SIDE


@dataclass(frozen=True)
class TrainingRequest:
    """The arguments of `barestyle train`, before any check.

    Attributes:
        styles: image files, one for each style.
        photos: a folder of photographs; None for the sample photographs.
        initial: a .style file to start from; None for random weights.
        style_scale: size of the style images relative to the photographs; larger means broader strokes.
        steps, crop, batch, stability, seed: see TrainingSettings.
        device, precision: as for `transfer`; precision is auto, float32 or bf16.
    """

    styles: tuple[Path, ...]
    photos: Path | None = None
    initial: Path | None = None
    style_scale: float = 1.0
    steps: int = TrainingSettings.steps
    crop: int = TrainingSettings.crop
    batch: int = TrainingSettings.batch
    stability: bool = False
    seed: int = 0
    device: str = "auto"
    precision: str = "auto"

    def to_data(self) -> dict[str, Any]:
        """Return JSON values for `from_data`, with absolute paths."""
        data = asdict(self)
        data["styles"] = [str(path.resolve()) for path in self.styles]
        for name in ("photos", "initial"):
            data[name] = None if data[name] is None else str(data[name].resolve())
        return data

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> TrainingRequest:
        """Return the request of JSON values."""
        paths = {name: None if data[name] is None else Path(data[name]) for name in ("photos", "initial")}
        return cls(**{**data, **paths, "styles": tuple(map(Path, data["styles"]))})


@dataclass(frozen=True)
class PreparedTraining:
    """A training before its first step.

    Attributes:
        training: iterate over it.
        names: of the styles: those of their files.
        record: what it is trained on, for the file; names and hashes, no folders.
    """

    training: Training
    names: tuple[str, ...]
    record: dict[str, Any]

    def result(self) -> TrainedStyle:
        """Return the style as it is trained now."""
        training = self.training
        progress = {"steps": training.step, "held_out_losses": [round(loss, 5) for loss in training.evaluations]}
        return TrainedStyle(training.averaged, self.names, {**self.record, **progress})


def prepare_training(request: TrainingRequest, *, expected: dict[str, Any] | None = None) -> PreparedTraining:
    """Read styles and photographs, compute the targets, and return the training.

    Args:
        request: what to train.
        expected: the record that the inputs must have; None if they may be any.

    Raises:
        StyleFileError: the inputs have another record.
        SpecError: a setting is out of range, or the initial style has another shape.
        ImageError: a style or a photograph cannot be used.
        StyleFileError: the initial style cannot be read.
        DeviceError: there is no such device.
    """
    spec, loss_spec = _loss_spec()
    device = select_device(request.device)
    settings = check_settings(request, device)
    initial = None if request.initial is None else load_style(request.initial)
    if initial is not None and initial.network.shape.without_styles != settings.shape.without_styles:
        raise SpecError(
            f"{str(request.initial)!r} has a network of {initial.network.shape.describe()}, and training needs "
            f"{settings.shape.describe()}; leave out --from"
        )
    files = find_photographs(request.photos)
    pictures = [read_style_picture(path) for path in request.styles]
    record = build_record(request, settings, pictures, files)
    if expected is not None and (changed := [name for name, value in expected.items() if record.get(name) != value]):
        raise StyleFileError(
            f"the inputs of this training have changed ({', '.join(changed)}); restore them, or train anew with --force"
        )
    regions = [build_region(picture, request.style_scale, spec) for picture in pictures]
    images = read_photographs(files, crop=settings.crop, seed=settings.seed)
    guide = loss_spec.guide
    assert isinstance(guide, StructureGuide)
    photographs = prepare_photographs(images, regions, guide.resolution, settings.seed)
    network = build_network(spec.network, seed=settings.seed, deepest_layer=spec.deepest_layer).to(device)
    losses = [
        PooledStyleLoss(network, loss_spec, region, build_guide_maps(images[0], region, guide.resolution))
        for region in regions
    ]
    quantiles = torch.stack([measure_quantiles(style.pixels, style.mask) for (style,) in (r.styles for r in regions)])
    training = Training(
        photographs, losses, quantiles, settings, initial=None if initial is None else initial.network, device=device
    )
    return PreparedTraining(training, name_styles(request.styles), record)


def check_settings(request: TrainingRequest, device: torch.device) -> TrainingSettings:
    """Return the settings of a request. Raises SpecError."""
    if len(request.styles) > MAX_STYLES:
        raise SpecError(f"one network cannot have {len(request.styles)} styles; give at most {MAX_STYLES}")
    if request.steps < 1:
        raise SpecError(f"steps cannot be {request.steps}; it must be at least 1")
    if not SMALLEST_CROP <= request.crop <= LARGEST_CROP or request.crop % 2 ** len(SCALE_WEIGHTS):
        raise SpecError(
            f"crop cannot be {request.crop}; it must be a multiple of {2 ** len(SCALE_WEIGHTS)} from {SMALLEST_CROP} "
            f"to {LARGEST_CROP}"
        )
    if not 1 <= request.batch <= 64:
        raise SpecError(f"batch cannot be {request.batch}; it must be from 1 to 64")
    if not 0.05 <= request.style_scale <= 4:
        raise SpecError(f"style_scale cannot be {request.style_scale}; it must be from 0.05 to 4")
    if request.precision not in ("auto", "float32", "bf16"):
        raise SpecError(f"precision cannot be {request.precision!r}; it must be one of auto, float32, bf16")
    return TrainingSettings(
        shape=NetworkShape(styles=len(request.styles)),
        steps=request.steps,
        crop=request.crop,
        batch=request.batch,
        stability=request.stability,
        seed=request.seed,
        precision=choose_training_precision(request.precision, device),
    )


def _loss_spec() -> tuple[Spec, WhitenedLoss]:
    spec = preset(LOSS_PRESET).spec
    assert isinstance(spec.style_loss, WhitenedLoss)
    return spec, spec.style_loss


def read_style_picture(path: Path) -> Picture:
    """Read a style picture; its transparent pixels do not count. Raises ImageError."""
    picture = read(path)
    if picture.alpha is not None and not bool(picture.alpha.any()):
        raise ImageError(f"{picture.name} is completely transparent; use an image with visible pixels")
    return picture


def build_region(picture: Picture, style_scale: float, spec: Spec) -> Region:
    """Return a style at the size at which photographs are painted in it. Raises ImageError if it is too small."""
    if min(picture.height, picture.width) < SMALLEST_SIDE:
        raise ImageError(
            f"{picture.name} has {picture.width} x {picture.height} pixels, and a style needs at least {SMALLEST_SIDE} "
            "per side; use a larger image"
        )
    height, width = target_size(picture.height, picture.width, round(PHOTO_SIDE * style_scale))
    smallest = compute_minimum_side(spec.network) * 2 ** (len(SCALE_WEIGHTS) - 1)
    if min(height, width) < smallest:
        raise ImageError(
            f"{picture.name} would be used at {width} x {height} pixels, and training needs at least {smallest} on "
            "each side; use a less narrow image, or a larger --style-scale"
        )
    resized = picture.resize(height, width)
    return Region((StyleImage(resized.pixels, mask=resized.alpha),))


def name_styles(paths: Sequence[Path]) -> tuple[str, ...]:
    """Return a name for each style: that of its file, with a number if several have the same.

    Characters that cannot be shown, or that separate styles on the command line, become spaces, and long names are cut.
    """
    names: list[str] = []
    for path in paths:
        shown = "".join(" " if not c.isprintable() or c in ",=" else c for c in path.stem)
        stem = " ".join(shown.split())[: MAX_NAME - len("-00")] or "style"
        name, number = stem, 2
        while name in names:
            name, number = f"{stem}-{number}", number + 1
        names.append(name)
    return tuple(names)


def build_record(
    request: TrainingRequest, settings: TrainingSettings, pictures: Sequence[Picture], photographs: Sequence[Path]
) -> dict[str, Any]:
    """Return what a network is trained on, as JSON values."""
    digest = hashlib.sha256()
    for path in photographs:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return {
        "styles": [{"name": path.name, "sha256": p.sha256} for path, p in zip(request.styles, pictures, strict=True)],
        "photographs": len(photographs),
        "photographs_sha256": digest.hexdigest(),
        "initial_sha256": None if request.initial is None else hashlib.sha256(request.initial.read_bytes()).hexdigest(),
        "style_scale": request.style_scale,
        "crop": settings.crop,
        "batch": settings.batch,
        "stability": settings.stability,
        "seed": settings.seed,
        "precision": settings.precision,
        "torch": torch.__version__.partition("+")[0],
    }


def default_initial() -> Path | None:
    """Return the installed style that a training starts from, or None if it is not there."""
    name = samples.STYLES[0]
    return samples.trained_style(name) if name in samples.list_trained_styles() else None
