"""The part of every plane that a process computes, and the rows of the image that it needs for it."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from barestyle.distributed import HaloExchange, RowShard, Span
from barestyle.networks import ConvStack, Network, Size


class PlanePart(NamedTuple):
    """Rows of a plane, counted from its first one, margin included; all of them for a process alone.

    Attributes:
        size: of the whole plane with its margin.
        core: rows whose features count in this process; none of them is in the margin.
        held: these, and those that their features depend on.
    """

    size: Size
    core: Span
    held: Span

    @classmethod
    def whole(cls, stack: ConvStack, size: Size) -> PlanePart:
        """Return the part of a process alone, of a plane of a size."""
        return cls(size, (stack.margin, size.height - stack.margin), (0, size.height))


def split_planes(network: Network, picture: Size, shard: RowShard) -> list[PlanePart]:
    """Return this process's part of every plane of an image of a size, in proportion to its rows of the image."""
    parts = []
    for stack, size in zip(network.stacks, network.plane_sizes(picture), strict=True):
        assert isinstance(stack, ConvStack)
        if not shard.is_split:
            parts.append(PlanePart.whole(stack, size))
            continue
        top, bottom = (_scale_end(stack, size, end, shard.height) for end in (shard.top, shard.bottom))
        before, after = stack.halo
        held = (max(top - before, 0), min(bottom + after, size.height)) if top < bottom else (0, 0)
        parts.append(PlanePart(size, (top, bottom), held))
    return parts


def _scale_end(stack: ConvStack, plane: Size, end: int, height: int) -> int:
    """Return the row of a plane at which a process's part ends, from its row of the image."""
    length = plane.height - 2 * stack.margin
    if end == height:
        return stack.margin + length
    return stack.margin + end * length // height // stack.alignment * stack.alignment


class PlaneRows:
    """The rows of all planes that a process computes with, from its own rows of an image and those around them.

    Args:
        network: the network.
        picture: size of the whole image.
        shard: which of its rows each process has.
    """

    def __init__(self, network: Network, picture: Size, shard: RowShard) -> None:
        self.parts = split_planes(network, picture, shard)
        self._slicer = network.slice_planes(picture, [part.held for part in self.parts])
        self._halo = HaloExchange(shard, self._slicer.image_rows)

    def gather(self, image: Tensor) -> Tensor:
        """Return the rows of the image that the planes are computed from; `image` has this process's rows."""
        return self._halo.gather(image)

    def split(self, rows: Tensor) -> list[Tensor]:
        """Return the held rows of every plane, from those that `gather` returns."""
        return self._slicer.split(rows)

    def add_back(self, gradients: list[Tensor]) -> Tensor:
        """Return the gradient for this process's rows of the image, from those of all processes for held rows.

        `gradients`, one for each plane, is emptied. A network may need what `split` has computed before.
        """
        gradient = self._slicer.split_backward(gradients)
        gradients.clear()
        return self._halo.add_back(gradient)
