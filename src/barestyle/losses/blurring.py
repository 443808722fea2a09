"""Blurred images: how they look from a distance."""

from __future__ import annotations

import torch
from torch import Tensor

from barestyle.distributed import RowShard


class CellBlur:
    """A linear map from planes at an image's size to means over cells, with its transpose for gradients.

    A cell's mean is weighted by a triangle, two cells wide and high, and means may be blurred by a Gaussian. With
    `shard`, planes are this process's rows, and every process gets the means of the whole image.

    Args:
        like: an image or plane of the size, precision and device that planes have, (..., H, W).
        resolution: number of cells along the long side; an image with fewer pixels has a cell for each.
        shard: which rows this process has.
        sigma: deviation of the Gaussian, in cells; 0 for none.
    """

    def __init__(self, like: Tensor, resolution: int, shard: RowShard | None = None, sigma: float = 0) -> None:
        self._shard = shard = shard or RowShard.split(like.shape[-2])
        height, width = shard.height, like.shape[-1]
        cell = max(height, width) / resolution
        rows, columns = (build_blur_matrix(side, cell) for side in (height, width))
        if sigma:
            rows, columns = (_build_gaussian_matrix(len(each), sigma).double() @ each for each in (rows, columns))
        # Convert before moving: not every device has float64.
        self._rows, self._columns = (
            matrix.to(like.dtype).to(like.device)
            for matrix in (rows[:, shard.top : shard.bottom].contiguous(), columns)
        )

    @property
    def size(self) -> tuple[int, int]:
        """Number of cells along the height and the width."""
        return len(self._rows), len(self._columns)

    def blur_columns(self, slab: Tensor) -> Tensor:
        """Return some rows of planes, (..., h, W), as means over the cells of each row, (..., h, cells)."""
        return slab @ self._columns.T

    def blur_rows(self, narrow: Tensor) -> Tensor:
        """Return the means over cells, (..., cells, cells), from those along all of this process's rows."""
        return self._shard.sum(self._rows @ narrow)

    def unblur(self, cells: Tensor, top: int, bottom: int) -> Tensor:
        """Return the gradient for some of this process's rows, (..., bottom - top, W), from that for the cells."""
        return self._rows[:, top:bottom].T @ cells @ self._columns


def build_blur_matrix(side: int, cell: float) -> Tensor:
    """Return the matrix (cells, side), float64, that averages a row of pixels under overlapping triangles.

    Each triangle is two cells wide, and a cell `cell` pixels.
    """
    cells = max(round(side / cell), 1)
    if cells >= side:
        return torch.eye(side, dtype=torch.float64)
    scale = side / cells
    centers = (torch.arange(cells, dtype=torch.float64) + 0.5) * scale
    pixels = torch.arange(side, dtype=torch.float64) + 0.5
    triangles = (1 - (pixels - centers[:, None]).abs() / scale).clamp(min=0)
    return triangles / triangles.sum(dim=1, keepdim=True)


def blur(plane: Tensor, sigma: float) -> Tensor:
    """Return a map (1, c, h, w) blurred by a Gaussian, its borders mirrored."""
    # Not SciPy's or Kornia's filter: importing either takes a fifth of a second, as long as two evaluations.
    height, width = (_build_gaussian_matrix(side, sigma) for side in plane.shape[-2:])
    return height.to(plane) @ plane @ width.to(plane).T


def _build_gaussian_matrix(side: int, sigma: float) -> Tensor:
    """Return the matrix (side, side) that blurs a row of pixels, mirrored at its ends, up to three deviations away."""
    reach = min(round(3 * sigma), side - 1)
    offsets = torch.arange(-reach, reach + 1)
    kernel = torch.exp(-0.5 * (offsets / sigma).square())
    rows = torch.arange(side)[:, None]
    sources = (side - 1) - ((side - 1) - (rows + offsets).abs()).abs()
    return torch.zeros(side, side).scatter_add_(1, sources, (kernel / kernel.sum()).expand(side, -1))
