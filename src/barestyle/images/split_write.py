"""Write an image whose rows are split among processes, a few rows at a time."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Literal

import numpy as np
import tifffile
import torch
from torch import Tensor

from barestyle.atomic_files import AtomicFile
from barestyle.distributed import HaloExchange, RowShard, agree
from barestyle.errors import OutputError
from barestyle.images.encode_samples import make_png_chunk, make_record_chunks
from barestyle.images.samples import PixelArray
from barestyle.images.write import to_samples

SPLIT_EXTENSIONS = (".png", ".tif", ".tiff")
"""Extensions of the formats that can be written a few rows at a time."""

SLAB = 256
"""Rows that are collected at the same time, and the side of a TIFF tile."""

CLASSIC_TIFF_BYTES = 2**32 - 2**25
"""Beyond so many bytes of samples, file positions may not fit into the 32 bits of a TIFF that is not a BigTIFF."""


def save_split(
    path: Path,
    pixels: Tensor,
    alpha: Tensor | None,
    shard: RowShard,
    *,
    bits: Literal[8, 16] = 8,
    record: str | None = None,
) -> None:
    """Write an image as PNG or tiled TIFF, completely or not at all; all processes have to call this.

    Args:
        path: the file, which the first process writes.
        pixels: this process's rows, (1, 3, own, W) in 0..1, sRGB.
        alpha: this process's rows, (1, 1, own, W) in 0..1, or None.
        shard: which rows each process has.
        bits: 8 or 16 per channel.
        record: JSON text to store inside a PNG.

    Raises OutputError on all processes if the first one cannot write the file.
    """
    samples = np.ascontiguousarray(to_samples(pixels, alpha, bits))
    width, channels = samples.shape[1:]
    row_bytes = width * channels * samples.dtype.itemsize
    own = torch.from_numpy(samples.view(np.uint8).reshape(1, 1, -1, row_bytes))
    slabs = (
        slab.numpy().reshape(-1).view(samples.dtype).reshape(-1, width, channels) for slab in collect_slabs(own, shard)
    )

    def write() -> None:
        if shard.group.rank == 0:
            _write(path, slabs, (shard.height, width, channels), samples.dtype, record)

    def write_and_drain() -> None:
        try:
            write()
        finally:
            for _ in slabs:  # the other processes send them in any case
                pass

    agree(shard.group, write_and_drain)


def collect_slabs(own: Tensor, shard: RowShard) -> Iterator[Tensor]:
    """Yield an image in slabs of rows, (1, c, SLAB or less, W), on the first process, and empty ones on the others."""
    for top in range(0, shard.height, SLAB):
        bottom = min(top + SLAB, shard.height)
        needed = (top, bottom) if shard.group.rank == 0 else (0, 0)
        yield HaloExchange(shard, needed).gather(own)


def _write(
    path: Path,
    slabs: Iterator[PixelArray],
    shape: tuple[int, int, int],
    dtype: np.dtype[np.generic],
    record: str | None,
) -> None:
    with AtomicFile(path) as temporary:
        if path.suffix.lower() == ".png":
            with PNGWriter(temporary, shape, 8 * dtype.itemsize, record) as png:
                for slab in slabs:
                    png.write(slab)
            return
        extra = {"extrasamples": ["unassalpha"]} if shape[2] == 4 else {}
        try:
            tifffile.imwrite(
                temporary,
                _cut_tiles(slabs),
                shape=shape,
                dtype=dtype,
                tile=(SLAB, SLAB),
                bigtiff=int(np.prod(shape)) * dtype.itemsize > CLASSIC_TIFF_BYTES,
                photometric="rgb",
                compression="adobe_deflate",
                metadata=None,
                software="barestyle",
                **extra,
            )
        except RuntimeError as error:  # tifffile's, if the disk is full
            raise OutputError(f"{str(path)!r} cannot be written ({error}); choose another folder") from None


def _cut_tiles(slabs: Iterator[PixelArray]) -> Iterator[PixelArray]:
    """Yield the tiles of an image in the order of the file, those at its edges filled with zeros."""
    for slab in slabs:
        height, width, channels = slab.shape
        for left in range(0, width, SLAB):
            tile = np.zeros((SLAB, SLAB, channels), slab.dtype)
            part = slab[:, left : left + SLAB]
            tile[:height, : part.shape[1]] = part
            yield tile


class PNGWriter:
    """Writes a PNG file a few rows at a time, as no library at hand does.

    Every row is stored as its difference to the pixel on the left (PNG, third edition, section 9.2), which compresses
    paintings about as well as a choice for each row.

    Args:
        path: the file.
        shape: height, width, and channels, 3 or 4.
        bits: 8 or 16 per channel.
        record: JSON text to store in the file, or None.
    """

    def __init__(self, path: Path, shape: tuple[int, int, int], bits: int, record: str | None) -> None:
        height, width, channels = shape
        self._file = path.open("wb")
        self._compressor = zlib.compressobj(6)
        color = {3: 2, 4: 6}[channels]
        self._file.write(b"\x89PNG\r\n\x1a\n")
        self._file.write(make_png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0)))
        self._file.write(make_record_chunks(record))

    def __enter__(self) -> PNGWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._add(self._compressor.flush())
                self._file.write(make_png_chunk(b"IEND", b""))
        finally:
            self._file.close()

    def write(self, samples: PixelArray) -> None:
        """Add rows, (h, W, channels) of uint8 or uint16."""
        height, _, channels = samples.shape
        pixel_bytes = channels * samples.dtype.itemsize
        big_endian = samples.astype(samples.dtype.newbyteorder(">"))
        rows = big_endian.view(np.uint8).reshape(height, -1)
        filtered = np.empty((height, rows.shape[1] + 1), np.uint8)
        filtered[:, 0] = 1  # the filter "Sub"
        filtered[:, 1 : pixel_bytes + 1] = rows[:, :pixel_bytes]
        filtered[:, pixel_bytes + 1 :] = rows[:, pixel_bytes:] - rows[:, :-pixel_bytes]
        self._add(self._compressor.compress(filtered.tobytes()))

    def _add(self, data: bytes) -> None:
        if data:
            self._file.write(make_png_chunk(b"IDAT", data))
