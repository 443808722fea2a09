"""Read an image whose rows are split among processes, so that none holds all of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from barestyle.distributed import HaloExchange, ProcessGroup, RowShard, agree
from barestyle.errors import ImageError
from barestyle.images.decode import DecodedFile, check_pixels, decode_file
from barestyle.images.frames import warn_of_frames
from barestyle.images.picture import Picture, Source, from_samples
from barestyle.images.reading import read
from barestyle.images.samples import PixelArray
from barestyle.images.tiff_rows import TiffHeader, read_header, read_rows
from barestyle.limits import MAX_PIXELS


def read_split(source: Source, group: ProcessGroup, *, max_pixels: int = MAX_PIXELS) -> Picture:
    """Read a picture, of which every process gets about as many rows; `Picture.shard` says which.

    Of a TIFF file in tiles or strips every process reads its own rows. Other files are decoded by the first process,
    which sends the others their rows. All processes have to call this at the same time. Raises what `read` raises, on
    all processes.
    """
    if group.size == 1:
        return read(source, max_pixels=max_pixels)
    if not isinstance(source, str | Path):
        whole = read(source, max_pixels=max_pixels)
        return crop(whole, RowShard.split(whole.height, group))
    path = Path(source)
    header = agree(group, lambda: _read_tiff_header(path, max_pixels) if group.rank == 0 else None)[0]
    if header is None:
        return scatter(path, group, lambda: decode_file(path, max_pixels))
    _check_rows(path, header.height, header.width, group)
    shard = RowShard.split(header.height, group)

    def read_own() -> tuple[PixelArray, str]:
        try:
            samples = read_rows(path, shard.top, shard.bottom)
        except (OSError, ValueError, RuntimeError) as error:
            raise ImageError(f"{str(path)!r} is damaged or cut short ({error}); get the file again") from None
        if group.rank == 0:
            warn_of_frames(repr(str(path)), header.pages, "pages")
        return samples, _hash_file(path) if group.rank == 0 else ""

    own: list[PixelArray] = []
    hashes = agree(group, lambda: _keep(own, read_own()))
    return _build(own[0], shard, path, hashes[0], header.bits, header.pages)


def _keep(own: list[PixelArray], value: tuple[PixelArray, str]) -> str:
    samples, digest = value
    own.append(samples)
    return digest


def scatter(path: Path, group: ProcessGroup, decode: Callable[[], DecodedFile]) -> Picture:
    """Call `decode` on the first process, and send each process its rows of the file's samples.

    All processes have to call this. Raises what `decode` raises, on all processes.
    """
    decoded: list[PixelArray] = []

    def decode_first() -> tuple[tuple[int, ...], str, str, int, int] | None:
        if group.rank:
            return None
        file = decode()
        decoded.append(np.ascontiguousarray(file.samples))
        return file.samples.shape, file.samples.dtype.str, file.sha256, file.bits, file.frames

    header = agree(group, decode_first)[0]
    assert header is not None
    (height, width, channels), kind, digest, bits, frames = header
    dtype = np.dtype(kind)
    _check_rows(path, height, width, group)
    row_bytes = width * channels * dtype.itemsize
    everything = RowShard(group, (0, *[height] * group.size))
    rows = torch.empty(1, 1, 0, row_bytes, dtype=torch.uint8)
    if decoded:
        rows = torch.from_numpy(decoded[0].view(np.uint8).reshape(1, 1, height, row_bytes).copy())
    shard = RowShard.split(height, group)
    own = HaloExchange(everything, (shard.top, shard.bottom)).gather(rows)
    samples = own.numpy().reshape(-1).view(dtype).reshape(shard.bottom - shard.top, width, channels)
    return _build(samples, shard, path, digest, bits, frames)


def _check_rows(path: Path, height: int, width: int, group: ProcessGroup) -> None:
    """Raise ImageError, on all processes, if a file has fewer rows than there are processes."""
    if height < group.size:
        raise ImageError(
            f"{str(path)!r} has {width} x {height} pixels, which is too small for {group.size} processes; "
            "use a larger image, or a single process"
        )


def _build(samples: PixelArray, shard: RowShard, path: Path, digest: str, bits: int, frames: int) -> Picture:
    """Return the picture of a process's rows; it has alpha if any process's rows have."""
    pictures: list[Picture] = []

    def convert() -> bool:
        pictures.append(from_samples(samples, name=repr(str(path)), sha256=digest, path=path, bits=bits))
        return pictures[0].alpha is not None

    has_alpha = any(agree(shard.group, convert))
    (picture,) = pictures
    alpha = picture.alpha
    if has_alpha and alpha is None:
        alpha = torch.ones_like(picture.pixels[:, :1])
    return replace(picture, alpha=alpha, shard=shard, frames=frames)


def crop(whole: Picture, shard: RowShard) -> Picture:
    """Return a process's rows of a picture that every process has as a whole."""
    alpha = None if whole.alpha is None else shard.crop(whole.alpha).clone()
    return replace(whole, pixels=shard.crop(whole.pixels).clone(), alpha=alpha, shard=shard)


def _read_tiff_header(path: Path, max_pixels: int) -> TiffHeader | None:
    header = read_header(path)
    if header is not None:
        check_pixels(header.width, header.height, max_pixels, repr(str(path)))
    return header


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
