"""How a picture is cut for an objective, and what happens when that was too bold."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch

from barestyle.networks import Size

SMALLEST_TILE = 64
"""Pixels a side. Below this most of a tile is what its neighbours see, too."""

Result = TypeVar("Result")


class Tiling:
    """Tiles of at most `side` pixels (None: the whole picture is one), of which `keep` keep their features.

    A tile that does not keep them makes them twice, once for the moments and once for the gradient.
    """

    def __init__(self, side: Size | None = None, keep: int = 1) -> None:
        self.side = side
        self.keep = keep

    def attempt(self, work: Callable[[], Result], picture: Size) -> Result:
        """What `work` returns; where memory runs out, it is called again with smaller tiles.

        Raises what `work` raises where the tiles cannot be smaller.
        """
        while True:
            try:
                return work()
            except RuntimeError as error:
                if not is_out_of_memory(error) or not self._shrink(picture):
                    raise
            # Here and not in the handler: the error's frames hold the tensors that were too many.
            if torch.cuda.is_available():
                torch.cuda.empty_cache()

    def _shrink(self, picture: Size) -> bool:
        """Keep nothing, then halve the tiles' longer side. False where they are as small as they get."""
        if self.side is not None and self.keep:
            self.keep = 0
            return True
        height, width = self.side or picture
        if max(height, width) <= SMALLEST_TILE:
            return False
        # Rows first: a strip of whole rows shares fewer pixels with its neighbours.
        if height > SMALLEST_TILE:
            height = max(height // 2, SMALLEST_TILE)
        else:
            width = max(width // 2, SMALLEST_TILE)
        self.side, self.keep = Size(height, width), 0
        return True


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether memory ran out; on the CPU that has no class of its own."""
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)
