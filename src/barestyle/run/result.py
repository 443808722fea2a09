"""What a run gives back."""

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
    """A picture and how it came about.

    Attributes:
        image: (1, 3, H, W) float32 in 0..1, sRGB, on the CPU.
        alpha: the content's transparency at that size, (1, 1, H, W) in 0..1, or None.
        bits: 8 or 16, as the content had; what `save` uses unless told otherwise.
        losses: the objective at each iterate of the last attempt, the start first.
        evaluations: of loss and gradient, in the last attempt.
        restarts: attempts that exploded before it.
        stop_reason: the code of why the optimization ended; `interrupted` says that somebody stopped it.
        reason: the same as a sentence with this run's numbers.
        seconds: of the search, with the network's making and the style's statistics.
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
        """The picture as an 8-bit PIL image, RGB or RGBA."""
        parts = [self.image] if self.alpha is None else [self.image, self.alpha]
        values = np.concatenate([part[0].permute(1, 2, 0).numpy() for part in parts], axis=2)
        return Image.fromarray(np.rint(values * 255).astype(np.uint8))

    def _repr_html_(self) -> str:
        """What a notebook shows: the picture, the loss over the search, and what was asked for."""
        from barestyle.run.notebook_view import as_html

        return as_html(self)

    def save(self, path: str | Path, *, bits: Literal[8, 16] | None = None, overwrite: bool = True) -> Path:
        """Write the picture, its kind decided by the extension, and its record beside it as `path`.json.

        Each file is written whole or not at all. Raises OutputError.
        """
        path = Path(path)
        check_output(path, force=overwrite)
        check_format(path, self.image.shape[-2], self.image.shape[-1])
        record = self.record_beside(path).to_json()
        picture = encode(self.image, self.alpha, path.suffix, bits=bits or self.bits, record=record)
        # The record first: a picture that lies there is whole, with its record, whenever the program is killed.
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
        """The record with the inputs' paths as seen from the folder of `path`."""
        folder = path.parent.resolve()

        return self.record.seen_from(folder)
