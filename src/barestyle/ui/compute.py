"""What a job asks for, and the hardware and limits that every job runs with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from barestyle.errors import BarestyleError
from barestyle.hardware import devices
from barestyle.images import Picture
from barestyle.run.inputs import Style
from barestyle.run.plan import Plan, check_options, prepare
from barestyle.run.precision import choose_precision
from barestyle.run.request import Request
from barestyle.run.speed import get_speed
from barestyle.spec import Spec
from barestyle.ui.errors import strip_folder
from barestyle.ui.limits import Limits
from barestyle.ui.looks import LOOKS
from barestyle.ui.uploads import read_upload


@dataclass(frozen=True)
class StyleFile:
    """A style's file, its weight relative to the other styles, and the file of its mask, if it has one."""

    file: Path
    weight: float = 1.0
    mask: Path | None = None


@dataclass(frozen=True)
class PaintRequest:
    """One picture to paint.

    Attributes:
        content: file of the photo.
        styles: files of the styles.
        spec: how to paint it.
        seed: of the network's random weights.
        title: what the page calls the look.
        name: of the result's files, without extension.
        keep: file of the mask of protected pixels.
        start: file of the picture to start from, None to start as the spec says.
        records_film: whether a video of the run is recorded.
        form: the values of the page's form with which this picture alone is painted again; empty for the API.
    """

    content: Path
    styles: tuple[StyleFile, ...]
    spec: Spec
    seed: int
    title: str
    name: str
    keep: Path | None = None
    start: Path | None = None
    records_film: bool = False
    form: Mapping[str, Any] = field(default_factory=dict)

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that the request names."""
        masks = (style.mask for style in self.styles)
        optional = (path for path in (self.keep, self.start, *masks) if path is not None)
        return (self.content, *(style.file for style in self.styles), *optional)


@dataclass(frozen=True)
class Compute:
    """Device, precision and memory of every job, with the values that `transfer` takes, and the page's limits."""

    device: str = "auto"
    precision: str = "auto"
    memory: str = "auto"
    limits: Limits = field(default_factory=Limits)

    def check(self) -> None:
        """Raise DeviceError or SpecError if no job can run with this device, precision or amount of memory."""
        check_options(Spec(), seed=0, device=self.device, precision=self.precision, memory=self.memory)

    def measure_speed(self) -> None:
        """Measure the hardware for estimates now, so that no estimate does it beside a job."""
        device = devices.select_device(self.device)
        for precision in {choose_precision(self.precision, look.spec, device) for look in LOOKS.values()}:
            get_speed(device, precision)

    def prepare(self, requests: Sequence[PaintRequest]) -> list[Plan | BarestyleError]:
        """Return for each request its plan, or the error that refuses it.

        Each image file is read once for all requests.
        """
        images: dict[Path, Picture] = {}
        plans: list[Plan | BarestyleError] = []
        for request in requests:
            try:
                plan = self._prepare(request, images)
            except BarestyleError as error:
                plans.append(type(error)(strip_folder(str(error), *request.files)))
                continue
            plans.append(_share_pictures(plan, [other for other in plans if isinstance(other, Plan)]))
        return plans

    def _prepare(self, request: PaintRequest, images: dict[Path, Picture]) -> Plan:
        """Check a request; `images` holds the files that were read so far."""
        for file in request.files:
            if file not in images:
                images[file] = read_upload(file, self.limits)
        masks = [style.mask and images[style.mask] for style in request.styles]
        return prepare(
            Request(
                images[request.content],
                [images[style.file] for style in request.styles],
                request.spec,
                weights=[style.weight for style in request.styles] if len(request.styles) > 1 else None,
                masks=masks if any(masks) else None,
                keep=request.keep and images[request.keep],
                start=request.start and images[request.start],
                seed=request.seed,
                device=self.device,
                precision=self.precision,
                memory=self.memory,
                max_pixels=self.limits.max_pixels,
            )
        )


def _share_pictures(plan: Plan, others: Sequence[Plan]) -> Plan:
    """Return `plan` with the pictures of other plans where they are the same, so that memory holds them once."""
    known = {_identify(picture): picture for other in others for picture in _pictures(other)}

    def share(picture: Picture) -> Picture:
        return known.get(_identify(picture), picture)

    styles = tuple(Style(share(style.picture), style.weight, style.mask) for style in plan.styles)
    return replace(plan, content=share(plan.content), styles=styles)


def _pictures(plan: Plan) -> list[Picture]:
    return [plan.content, *(style.picture for style in plan.styles)]


def _identify(picture: Picture) -> tuple[object, ...]:
    return picture.sha256, tuple(picture.pixels.shape)
