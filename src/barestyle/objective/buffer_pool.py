"""Memory that is reused: newly allocated pages cost at least as much time as a pass over them."""

from __future__ import annotations

from functools import cached_property
from math import prod

import torch
from torch import Tensor


class BufferPool:
    """Feature maps that tile passes take and give back, so that each evaluation reuses the memory of the last one.

    Tiles at an image's borders are smaller than others, so a map may take a part of a larger map's buffer.
    """

    def __init__(self) -> None:
        self._free: list[Tensor] = []
        self._in_use: dict[int, Tensor] = {}

    @cached_property
    def band_pool(self) -> BufferPool:
        """A separate pool for maps that exist only while a band is computed, so that they do not split whole maps."""
        return BufferPool()

    @property
    def numel(self) -> int:
        """Number of values in all buffers, in use or free, without those of the band pool."""
        return sum(buffer.numel() for buffer in [*self._free, *self._in_use.values()])

    def take(self, shape: tuple[int, int, int, int], like: Tensor) -> Tensor:
        """Return an uninitialized map (1, c, h, w), channels_last, of another tensor's dtype and device."""
        count = prod(shape)
        large_enough = [buffer for buffer in self._free if buffer.numel() >= count]
        if large_enough:
            buffer = min(large_enough, key=torch.numel)
            self._free = [other for other in self._free if other is not buffer]
        else:
            self._drop_largest()  # it is too small, and a larger one replaces it
            buffer = torch.empty(count, dtype=like.dtype, device=like.device)
        self._in_use[buffer.data_ptr()] = buffer
        _, channels, height, width = shape
        return buffer[:count].view(1, height, width, channels).permute(0, 3, 1, 2)

    def _drop_largest(self) -> None:
        largest = max(self._free, key=torch.numel, default=None)
        self._free = [buffer for buffer in self._free if buffer is not largest]

    def give(self, maps: Tensor) -> None:
        """Return a map from `take` to the pool; it must not be used afterwards."""
        self._free.append(self._in_use.pop(maps.data_ptr()))

    def clear(self) -> None:
        """Free all memory, including maps that were not given back because of an error."""
        self._free.clear()
        self._in_use.clear()
        self.__dict__.pop("band_pool", None)
