"""Linear interpolation along one axis, of a part of a map as it would be of the whole."""

from __future__ import annotations

import torch
from torch import Tensor


def find_sources(count: int, length: int, start: int, end: int) -> tuple[int, int]:
    """Return the first and one after the last of `count` positions that `interpolate` reads."""
    if start == end:
        return 0, 0
    first, last = (min(max((at + 0.5) * (count / length) - 0.5, 0), count - 1) for at in (start, end - 1))
    return int(first), min(int(last) + 2, count)


def interpolate(
    maps: Tensor, axis: int, length: int, start: int, end: int, *, first: int = 0, count: int | None = None
) -> Tensor:
    """Return positions `start` to before `end`, of `length` along an axis, linearly interpolated from another length.

    The same as a part of `torch.nn.functional.interpolate` of the whole, bilinear without aligned corners.

    Args:
        maps: positions `first` and following of `count` along the axis; by default all.
        axis: the axis.
        length: positions of the whole result along the axis.
        start, end: the part of the result.
        first, count: which part of the whole `maps` is.
    """
    count = maps.shape[axis] if count is None else count
    at = ((torch.arange(start, end, dtype=torch.float64) + 0.5) * (count / length) - 0.5).clamp(0, count - 1)
    before = at.floor().long()
    share = (at - before).to(maps).view([-1 if other == axis else 1 for other in range(maps.ndim)])
    after = (before + 1).clamp(max=count - 1)
    near, far = (maps.index_select(axis, (each - first).to(maps.device)) for each in (before, after))
    return torch.lerp(near, far, share)
