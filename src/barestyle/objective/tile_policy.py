"""The size and number of tiles of an objective, and how they change if memory runs out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch

from barestyle.networks import Size

SMALLEST_TILE = 64
"""Pixels a side. In smaller tiles most pixels would belong to the halo, and be computed by the neighbors as well."""

Result = TypeVar("Result")


class Tiling:
    """Tiles of at most `tile_size` pixels (None: planes are not cut), with features of `resident_tiles` in memory.

    The last `resident_tiles` tiles of the first pass come first in the second pass, and their features are kept in
    between. The features of all other tiles are computed twice, once for the moments and once for the gradient. Planes
    that are not cut all stay in memory.
    """

    def __init__(self, tile_size: Size | None = None, resident_tiles: int = 1) -> None:
        self.tile_size = tile_size
        self.resident_tiles = resident_tiles

    def run_until_it_fits(
        self,
        work: Callable[[], Result],
        image: Size,
        before_retry: Callable[[], None] = lambda: None,
        *,
        can_retry: bool = True,
    ) -> Result:
        """Return what `work` returns; while it runs out of memory, call `before_retry`, and it again with less to hold.

        Raises what `work` raises if the tiles cannot be smaller, and every other error. `can_retry` is False if other
        processes would wait for what comes after the first try.
        """
        while True:
            try:
                return work()
            except RuntimeError as error:
                if not is_out_of_memory(error) or not can_retry or not self._shrink(image):
                    raise
            # Not in the handler: the error's frames hold the tensors that did not fit.
            before_retry()
            if torch.cuda.is_available():
                torch.cuda.empty_cache()

    def _shrink(self, image: Size) -> bool:
        """Reduce to one resident tile, then halve the tiles. Return False if they are as small as allowed."""
        if self.resident_tiles > 1:
            self.resident_tiles = 1
            return True
        height, width = self.tile_size or image
        if max(height, width) <= SMALLEST_TILE:
            return False
        # Rows first: a strip of whole rows has the smallest halo.
        if height > SMALLEST_TILE:
            height = max(height // 2, SMALLEST_TILE)
        else:
            width = max(width // 2, SMALLEST_TILE)
        self.tile_size = Size(height, width)
        return True


def is_out_of_memory(error: RuntimeError) -> bool:
    """Return whether memory ran out; PyTorch has no class for that error on the CPU."""
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)
