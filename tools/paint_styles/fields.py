"""Smooth random fields over a sheet, and reading fields at scattered points."""

import numpy as np
import numpy.typing as npt
from PIL import Image

from .canvas import Field

Points = npt.NDArray[np.float64]


def noise(rng: np.random.Generator, shape: tuple[int, int], cell: tuple[float, float]) -> Field:
    """Smooth noise in about -1..1 whose bumps measure `cell` = (across, down) pixels."""
    columns, rows = (int(np.ceil(length / step)) + 3 for length, step in zip(shape[::-1], cell, strict=True))
    coarse = Image.fromarray(rng.uniform(-1, 1, (rows, columns)).astype(np.float32))
    box = (1.0, 1.0, 1.0 + shape[1] / cell[0], 1.0 + shape[0] / cell[1])
    return np.asarray(coarse.resize(shape[::-1], Image.Resampling.BICUBIC, box=box), dtype=np.float32)


def fractal(rng: np.random.Generator, shape: tuple[int, int], cell: float, octaves: int) -> Field:
    """Noise of several scales, each half as large and half as strong as the one before."""
    layers = [noise(rng, shape, (cell / 2**k, cell / 2**k)) / 2**k for k in range(octaves)]
    return np.asarray(np.sum(layers, axis=0), dtype=np.float32)


def smoothstep(low: float, high: float, value: Field) -> Field:
    t = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float32)


def contour_angle(level: Field) -> Field:
    """The direction in which a field does not change: along its contour lines."""
    down, across = np.gradient(level)
    return np.asarray(np.arctan2(-across, down), dtype=np.float32)


def at(field: npt.NDArray[np.generic], points: Points) -> npt.NDArray[np.generic]:
    """A field's values at (column, row) points; a point outside reads the nearest edge."""
    columns = np.clip(points[..., 0].round().astype(int), 0, field.shape[1] - 1)
    rows = np.clip(points[..., 1].round().astype(int), 0, field.shape[0] - 1)
    return np.asarray(field[rows, columns])


def scatter(rng: np.random.Generator, shape: tuple[int, int], spacing: float) -> Points:
    """Shuffled (column, row) points that cover a sheet about evenly, one to each jittered grid cell."""
    rows, columns = np.mgrid[0 : shape[0] : spacing, 0 : shape[1] : spacing]
    points = np.stack([columns.ravel(), rows.ravel()], axis=-1) + rng.uniform(0, spacing, (rows.size, 2))
    return np.asarray(rng.permutation(points))
