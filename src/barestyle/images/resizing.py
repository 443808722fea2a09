"""Resize images."""

from __future__ import annotations

import torch
from torch import Tensor

from barestyle.distributed import ProcessGroup, RowShard, gather_whole, resample, resize_rows


def shrink(pixels: Tensor, side: int, shard: RowShard | None = None) -> Tensor:
    """Return an image (1, c, h, w) on the CPU, in float32 or finer, with a long side of at most `side`.

    With `shard`, `pixels` has this process's rows; every process gets the whole result.
    """
    pixels = pixels.detach().cpu()
    pixels = pixels.to(torch.promote_types(pixels.dtype, torch.float32))
    height, width = pixels.shape[-2] if shard is None else shard.height, pixels.shape[-1]
    factor = max(max(height, width) / side, 1.0)
    size = (height, width) if factor == 1 else (max(round(height / factor), 1), max(round(width / factor), 1))
    return resize_to_whole(pixels, *size, shard)


ALIGNMENT = 16
"""Rows; ends of processes' parts are multiples of it, so that four poolings do not mix rows of two processes."""


def split_image(height: int, group: ProcessGroup) -> RowShard:
    """Return the parts of an image of a height, one for each process."""
    return RowShard.split(height, group, alignment=min(ALIGNMENT, max(height // group.size, 1)))


def resize_split(pixels: Tensor, shard: RowShard, target: RowShard, width: int) -> Tensor:
    """Return this process's rows of an image as `resize` does, from this process's rows (1, c, own, W)."""
    if shard.ends == target.ends and pixels.shape[-1] == width:
        return pixels
    return resize_rows(pixels, shard, target, width).clamp_(0, 1)


def resize_to_whole(pixels: Tensor, height: int, width: int, shard: RowShard | None = None) -> Tensor:
    """Return an image as `resize` does; with `shard`, every process gets the whole result for its rows `pixels`."""
    if shard is None or not shard.is_split:
        return resize(pixels, height, width)
    if (shard.height, pixels.shape[-1]) != (height, width):
        target = RowShard.split(height, shard.group)
        pixels, shard = resize_rows(pixels, shard, target, width).clamp_(0, 1), target
    return gather_whole(pixels, shard)


def resize(pixels: Tensor, height: int, width: int) -> Tensor:
    """Return (1, c, h, w) in 0..1 at another size: bicubic, antialiased when reducing, clipped to 0..1."""
    if pixels.shape[-2:] == (height, width):
        return pixels
    return resample(pixels, (height, width)).clamp_(0, 1)
