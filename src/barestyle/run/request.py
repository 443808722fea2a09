"""What a run is asked to do: the arguments of `transfer` as one value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from barestyle.distributed import ALONE, ProcessGroup
from barestyle.images import MaskSource, Source
from barestyle.limits import MAX_PIXELS
from barestyle.presets import DEFAULT_PRESET
from barestyle.spec import Spec


@dataclass(frozen=True)
class Request:
    """Pictures, a spec and options as given, before any check; `prepare` turns them into a Plan.

    The fields are the arguments of `transfer`, which documents them. Vary a request with `dataclasses.replace`.
    """

    content: Source
    style: Source | Sequence[Source]
    spec: Spec | str = DEFAULT_PRESET
    weights: Sequence[float] | None = None
    masks: Sequence[MaskSource | None] | None = None
    keep: MaskSource | None = None
    start: Source | None = None
    seed: int = 0
    device: str = "auto"
    precision: str = "auto"
    memory: str = "auto"
    max_pixels: int = MAX_PIXELS
    group: ProcessGroup = ALONE
