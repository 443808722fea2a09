"""Smooth random fields over a sheet, and sampling of fields at points."""

import numpy as np
import numpy.typing as npt
from PIL import Image

from .canvas import Field

Points = npt.NDArray[np.float64]


def noise(rng: np.random.Generator, shape: tuple[int, int], cell: tuple[float, float]) -> Field:
    """Return smooth noise in about -1..1 with features of `cell` = (width, height) pixels."""
    columns, rows = (int(np.ceil(length / step)) + 3 for length, step in zip(shape[::-1], cell, strict=True))
    coarse = Image.fromarray(rng.uniform(-1, 1, (rows, columns)).astype(np.float32))
    box = (1.0, 1.0, 1.0 + shape[1] / cell[0], 1.0 + shape[0] / cell[1])
    return np.asarray(coarse.resize(shape[::-1], Image.Resampling.BICUBIC, box=box), dtype=np.float32)


def fractal(rng: np.random.Generator, shape: tuple[int, int], cell: float, octaves: int) -> Field:
    """Return the sum of noise at several scales, each half as large and half as strong as the previous."""
    layers = [noise(rng, shape, (cell / 2**k, cell / 2**k)) / 2**k for k in range(octaves)]
    return np.asarray(np.sum(layers, axis=0), dtype=np.float32)


def smoothstep(low: float, high: float, value: Field) -> Field:
    t = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float32)


def contour_angle(level: Field) -> Field:
    """Return the direction of the contour lines of a field, in radians."""
    down, across = np.gradient(level)
    return np.asarray(np.arctan2(-across, down), dtype=np.float32)


def at(field: npt.NDArray[np.generic], points: Points) -> npt.NDArray[np.generic]:
    """Return a field's values at (column, row) points; outside, those of the nearest edge."""
    columns = np.clip(points[..., 0].round().astype(int), 0, field.shape[1] - 1)
    rows = np.clip(points[..., 1].round().astype(int), 0, field.shape[0] - 1)
    return np.asarray(field[rows, columns])


def scatter(rng: np.random.Generator, shape: tuple[int, int], spacing: float) -> Points:
    """Return shuffled (column, row) points that cover a sheet evenly, one per jittered grid cell."""
    rows, columns = np.mgrid[0 : shape[0] : spacing, 0 : shape[1] : spacing]
    points = np.stack([columns.ravel(), rows.ravel()], axis=-1) + rng.uniform(0, spacing, (rows.size, 2))
    return np.asarray(rng.permutation(points))
