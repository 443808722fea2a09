"""Memory that is used again: fresh pages cost as much time as a pass over them and more."""

from __future__ import annotations

from functools import cached_property
from math import prod

import torch
from torch import Tensor


class BufferPool:
    """Feature maps that sweeps take and give back, so that every evaluation works in the memory of the one before.

    Tiles at a picture's borders are smaller than others, so a map may take a part of what a larger one had.
    """

    def __init__(self) -> None:
        self._free: list[Tensor] = []
        self._taken: dict[int, Tensor] = {}

    @cached_property
    def bands(self) -> BufferPool:
        """A store of its own for what lives while a band is made, so that whole maps are not cut up for it."""
        return BufferPool()

    @property
    def numel(self) -> int:
        """Values in all buffers, taken or free, without those of bands."""
        return sum(buffer.numel() for buffer in [*self._free, *self._taken.values()])

    def take(self, shape: tuple[int, int, int, int], like: Tensor) -> Tensor:
        """A map (1, c, h, w), channels_last and not initialized, of the type and on the device of another tensor."""
        count = prod(shape)
        large_enough = [buffer for buffer in self._free if buffer.numel() >= count]
        if large_enough:
            buffer = min(large_enough, key=torch.numel)
            self._free = [one for one in self._free if one is not buffer]
        else:
            self._drop_largest()  # it is too small; a larger one takes its place
            buffer = torch.empty(count, dtype=like.dtype, device=like.device)
        self._taken[buffer.data_ptr()] = buffer
        _, channels, height, width = shape
        return buffer[:count].view(1, height, width, channels).permute(0, 3, 1, 2)

    def _drop_largest(self) -> None:
        largest = max(self._free, key=torch.numel, default=None)
        self._free = [buffer for buffer in self._free if buffer is not largest]

    def give(self, maps: Tensor) -> None:
        """Let others have a map that nobody looks at any more."""
        self._free.append(self._taken.pop(maps.data_ptr()))

    def clear(self) -> None:
        """Let go of all memory, even of maps that were never given back because something failed."""
        self._free.clear()
        self._taken.clear()
        self.__dict__.pop("bands", None)
