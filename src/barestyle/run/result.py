"""The result of a run: a picture and its record."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image
from torch import Tensor

from barestyle.atomic_files import write_atomically
from barestyle.distributed import RowShard, agree
from barestyle.errors import OutputError
from barestyle.images import SPLIT_EXTENSIONS, check_format, encode, save_split
from barestyle.run.output_files import check_output, sidecar
from barestyle.run.record import Record
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
        shard: which rows of the picture `image` and `alpha` are, if it is split among processes.
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
    shard: RowShard | None = field(default=None, repr=False)

    def to_pil(self) -> Image.Image:
        """Return the picture as an 8-bit PIL image, RGB or RGBA; this process's rows if it is split."""
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

        Each file is written completely or not at all. If the picture is split among processes, all have to call this,
        and the first one writes. Raises OutputError.
        """
        path = Path(path)
        record = self.record_beside(path).to_json()
        if self.shard is not None and self.shard.is_split:
            shard = self.shard
            agree(shard.group, lambda: check_split_output(path, force=overwrite) if shard.group.rank == 0 else None)
            saved = _SavedRecord(path, record if shard.group.rank == 0 else None)
            agree(shard.group, saved.write)  # not in a `with`: the other processes must know if it fails
            try:
                save_split(path, self.image, self.alpha, shard, bits=bits or self.bits, record=record)
            except BaseException:
                saved.restore()
                raise
            return path
        check_output(path, force=overwrite)
        check_format(path, self.image.shape[-2], self.image.shape[-1])
        picture = encode(self.image, self.alpha, path.suffix, bits=bits or self.bits, record=record)
        saved = _SavedRecord(path, record)
        saved.write()
        try:
            write_atomically(path, picture)
        except BaseException:
            saved.restore()
            raise
        return path

    def to_png(self) -> bytes:
        """Return the picture as the bytes of a PNG file, with its record inside.

        The paths of the inputs are absolute, as nobody knows the folder of the file. The picture must not be split.
        """
        return encode(self.image, self.alpha, ".png", bits=self.bits, record=self.record.to_json())

    def record_beside(self, path: Path) -> Record:
        """Return the record with its inputs' paths relative to the folder of `path`."""
        return self.record.relative_to(path.parent.resolve())


def check_split_output(path: Path, *, force: bool) -> None:
    """Raise OutputError if a picture that is split among processes cannot be written as `path`."""
    check_output(path, force=force)
    if path.suffix.lower() not in SPLIT_EXTENSIONS:
        raise OutputError(
            f"{str(path)!r} cannot be written a few rows at a time, as a picture on several processes is; "
            f"use one of {', '.join(SPLIT_EXTENSIONS)}"
        )


class _SavedRecord:
    """Writes a picture's record before the picture, and restores the earlier one if that cannot be written.

    The record comes first, so that whenever the program is killed a picture has its record. None is not written.
    """

    def __init__(self, path: Path, record: str | None) -> None:
        self._path = sidecar(path)
        self._record = record
        self._before: bytes | None = None

    def write(self) -> None:
        """Write the record. Raises OutputError."""
        if self._record is None:
            return
        self._before = self._path.read_bytes() if self._path.exists() else None
        write_atomically(self._path, self._record.encode())

    def restore(self) -> None:
        """Restore the earlier record, or delete this one."""
        if self._record is None:
            return
        if self._before is None:
            self._path.unlink(missing_ok=True)
        else:
            write_atomically(self._path, self._before)
