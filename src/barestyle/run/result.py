"""The result of a run: a picture and its record."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image
from torch import Tensor

from barestyle.atomic_files import write_atomically
from barestyle.images import check_format, encode
from barestyle.run.record import Record, check_output, sidecar
from barestyle.spec import Spec
from barestyle.stop_reasons import StopReason


@dataclass(frozen=True)
class Result:
    """A picture and how it was made.

    Attributes:
        image: (1, 3, H, W) float32 in 0..1, sRGB, on the CPU.
        alpha: the content's transparency at that size, (1, 1, H, W) in 0..1, or None.
        bits: 8 or 16, like the content; the default of `save`.
        spec: the settings of the run.
        losses: loss at each iterate of the last attempt, from the start.
        evaluations: losses and gradients computed in the last attempt.
        restarts: attempts that exploded before it.
        stop_reason: code of why the run ended.
        reason: the same as a sentence with this run's numbers.
        interrupted: whether it was stopped early.
        seconds: duration, including building the network and the styles' statistics.
        record: everything needed to repeat the run.
    """

    image: Tensor = field(repr=False)
    alpha: Tensor | None = field(repr=False)
    bits: Literal[8, 16]
    spec: Spec
    losses: tuple[float, ...] = field(repr=False)
    evaluations: int
    restarts: int
    stop_reason: StopReason
    reason: str
    interrupted: bool
    seconds: float
    record: Record = field(repr=False)

    def to_pil(self) -> Image.Image:
        """Return the picture as an 8-bit PIL image, RGB or RGBA."""
        parts = [self.image] if self.alpha is None else [self.image, self.alpha]
        # In float64, like `save`: float32 would round some values to another level.
        values = np.concatenate([part[0].permute(1, 2, 0).double().numpy() for part in parts], axis=2)
        return Image.fromarray(np.rint(values * 255).astype(np.uint8))

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the picture, the loss curve and the settings."""
        from barestyle.run.notebook_view import render_html

        return render_html(self)

    def save(self, path: str | Path, *, bits: Literal[8, 16] | None = None, overwrite: bool = True) -> Path:
        """Write the picture in the format of the extension, and its record beside it as `path`.json.

        Each file is written completely or not at all. Raises OutputError.
        """
        path = Path(path)
        check_output(path, force=overwrite)
        check_format(path, self.image.shape[-2], self.image.shape[-1])
        record = self.record_beside(path).to_json()
        picture = encode(self.image, self.alpha, path.suffix, bits=bits or self.bits, record=record)
        # The record comes first, so that whenever the program is killed a picture has its record.
        before = sidecar(path).read_bytes() if sidecar(path).exists() else None
        write_atomically(sidecar(path), record.encode())
        try:
            write_atomically(path, picture)
        except BaseException:
            if before is None:
                sidecar(path).unlink(missing_ok=True)
            else:
                write_atomically(sidecar(path), before)
            raise
        return path

    def record_beside(self, path: Path) -> Record:
        """Return the record with its inputs' paths relative to the folder of `path`."""
        return self.record.relative_to(path.parent.resolve())
