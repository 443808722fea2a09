"""What a job asks for, and the hardware and limits that every job runs with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from barestyle.errors import BarestyleError
from barestyle.images import Picture
from barestyle.run.plan import Plan, check_options, prepare
from barestyle.run.request import Request
from barestyle.spec import Spec
from barestyle.ui.errors import strip_folder
from barestyle.ui.limits import Limits
from barestyle.ui.uploads import read_upload

MAX_STEM_LENGTH = 40
"""Characters of an input's file name that go into the name of a result."""


@dataclass(frozen=True)
class PaintRequest:
    """One picture to paint.

    Attributes:
        content: file of the photo.
        style: file of the style picture.
        spec: how to paint it.
        seed: of the network's random weights.
        title: what the page calls the look.
        suffix: end of the result's file name, to tell the pictures of one job apart.
    """

    content: Path
    style: Path
    spec: Spec
    seed: int
    title: str
    suffix: str = ""

    @property
    def stem(self) -> str:
        """The name of the result's files without extension; the command line uses the same."""
        return f"{self.content.stem[:MAX_STEM_LENGTH]}-{self.style.stem[:MAX_STEM_LENGTH]}{self.suffix}"


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
                plans.append(type(error)(strip_folder(str(error), request.content, request.style)))
                continue
            first = next((other for other in plans if isinstance(other, Plan)), plan)
            plans.append(_share_pictures(plan, first))
        return plans

    def _prepare(self, request: PaintRequest, images: dict[Path, Picture]) -> Plan:
        """Check a request; `images` holds the files that were read so far."""
        for file in (request.content, request.style):
            if file not in images:
                images[file] = read_upload(file, self.limits)
        return prepare(
            Request(
                images[request.content],
                images[request.style],
                request.spec,
                seed=request.seed,
                device=self.device,
                precision=self.precision,
                memory=self.memory,
                max_pixels=self.limits.max_pixels,
            )
        )


def _share_pictures(plan: Plan, other: Plan) -> Plan:
    """Return `plan` with the pictures of `other` where both are the same, so that memory holds them once."""
    content = other.content if _is_same_picture(plan.content, other.content) else plan.content
    style = other.style if _is_same_picture(plan.style, other.style) else plan.style
    return replace(plan, content=content, styles=(replace(plan.styles[0], picture=style),))


def _is_same_picture(first: Picture, second: Picture) -> bool:
    return (first.sha256, first.pixels.shape) == (second.sha256, second.pixels.shape)
