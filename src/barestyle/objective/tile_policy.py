"""How a picture is cut for an objective, and what happens when that was too bold."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch

from barestyle.networks import Size

SMALLEST_TILE = 64
"""Pixels a side. Below this most of a tile is what its neighbors see, too."""

Result = TypeVar("Result")


class Tiling:
    """Tiles of at most `side` pixels (None: no plane is cut); the features of `held` are in memory at once.

    The last `held` tiles of the first pass are the first ones of the second, and keep their features in between;
    all others make them twice, once for the moments and once for the gradient. Planes that are not cut are all held.
    """

    def __init__(self, side: Size | None = None, held: int = 1) -> None:
        self.side = side
        self.held = held

    def attempt(
        self, work: Callable[[], Result], picture: Size, before_again: Callable[[], None] = lambda: None
    ) -> Result:
        """What `work` returns; where memory runs out, it is called again with smaller tiles, after `before_again`.

        Raises what `work` raises where the tiles cannot be smaller.
        """
        while True:
            try:
                return work()
            except RuntimeError as error:
                if not is_out_of_memory(error) or not self._shrink(picture):
                    raise
            # Here and not in the handler: the error's frames hold the tensors that were too many.
            before_again()
            if torch.cuda.is_available():
                torch.cuda.empty_cache()

    def _shrink(self, picture: Size) -> bool:
        """Hold one tile only, then halve them. False where they are as small as they get."""
        if self.held > 1:
            self.held = 1
            return True
        height, width = self.side or picture
        if max(height, width) <= SMALLEST_TILE:
            return False
        # Rows first: a strip of whole rows shares fewer pixels with its neighbors.
        if height > SMALLEST_TILE:
            height = max(height // 2, SMALLEST_TILE)
        else:
            width = max(width // 2, SMALLEST_TILE)
        self.side = Size(height, width)
        return True


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether memory ran out; on the CPU that has no class of its own."""
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)
