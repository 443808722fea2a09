"""Read an image whose rows are split among processes, so that none holds all of it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from barestyle.distributed import HaloExchange, ProcessGroup, RowShard, agree
from barestyle.errors import ImageError
from barestyle.images.picture import Picture, PixelArray, Source, from_samples
from barestyle.images.read import check_pixels, decode_file, read
from barestyle.images.tiff_rows import TiffHeader, read_header, read_rows
from barestyle.spec import MAX_PIXELS


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
        return _crop(whole, RowShard.split(whole.height, group))
    path = Path(source)
    header = agree(group, lambda: _read_tiff_header(path, max_pixels) if group.rank == 0 else None)[0]
    if header is None:
        return _scatter(path, group, max_pixels)
    _check_rows(path, header.height, header.width, group)
    shard = RowShard.split(header.height, group)

    def read_own() -> tuple[PixelArray, str]:
        try:
            samples = read_rows(path, shard.top, shard.bottom)
        except (OSError, ValueError, RuntimeError) as error:
            raise ImageError(f"{str(path)!r} is damaged or cut short ({error}); get the file again") from None
        return samples, _hash_file(path) if group.rank == 0 else ""

    own: list[PixelArray] = []
    hashes = agree(group, lambda: _keep(own, read_own()))
    return _build(own[0], shard, path, hashes[0], header.bits)


def _keep(own: list[PixelArray], value: tuple[PixelArray, str]) -> str:
    samples, digest = value
    own.append(samples)
    return digest


def _scatter(path: Path, group: ProcessGroup, max_pixels: int) -> Picture:
    """Decode a file on the first process, and send each its rows."""
    decoded: list[PixelArray] = []

    def decode() -> tuple[tuple[int, ...], str, str, int] | None:
        if group.rank:
            return None
        samples, bits, digest = decode_file(path, max_pixels)
        decoded.append(np.ascontiguousarray(samples))
        return samples.shape, samples.dtype.str, digest, bits

    header = agree(group, decode)[0]
    assert header is not None
    (height, width, channels), kind, digest, bits = header
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
    return _build(samples, shard, path, digest, bits)


def _check_rows(path: Path, height: int, width: int, group: ProcessGroup) -> None:
    """Raise ImageError, on all processes, if a file has fewer rows than there are processes."""
    if height < group.size:
        raise ImageError(
            f"{str(path)!r} has {width} x {height} pixels, which is too small for {group.size} processes; "
            "use a larger image, or a single process"
        )


def _build(samples: PixelArray, shard: RowShard, path: Path, digest: str, bits: int) -> Picture:
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
    return replace(picture, alpha=alpha, shard=shard)


def _crop(whole: Picture, shard: RowShard) -> Picture:
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
