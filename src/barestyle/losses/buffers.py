"""Memory that is used again: fresh pages cost as much time as a pass over them and more."""

from __future__ import annotations

import torch
from torch import Tensor


class Buffers:
    """Feature maps that sweeps take and give back, so that every evaluation works in the memory of the one before."""

    def __init__(self) -> None:
        self._free: dict[tuple[int, ...], list[Tensor]] = {}

    def take(self, shape: tuple[int, ...], like: Tensor) -> Tensor:
        """A map (1, c, h, w), channels_last and not initialised, of the type and on the device of another tensor."""
        free = self._free.get(shape)
        if free:
            return free.pop()
        return torch.empty(shape, dtype=like.dtype, device=like.device, memory_format=torch.channels_last)

    def give(self, maps: Tensor) -> None:
        """Let others have a map that nobody looks at any more."""
        self._free.setdefault(tuple(maps.shape), []).append(maps)

    def clear(self) -> None:
        """Let go of all memory that is not in use."""
        self._free.clear()
