"""Images that the tests of this folder share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from barestyle.images import read
from tests.conftest import drawing

WIDTH, HEIGHT = 20, 14
IMAGE = drawing(WIDTH, HEIGHT, seed=5)
LEVELS = np.asarray(IMAGE)
SAMPLES_16 = np.random.default_rng(0).integers(0, 65536, (HEIGHT, WIDTH, 3)).astype(np.uint16)


def read_levels(path: Path, maximum: int = 255) -> np.ndarray[Any, Any]:
    """Read an image file as integer levels (H, W, 3)."""
    pixels: np.ndarray[Any, Any] = read(path).pixels[0].permute(1, 2, 0).numpy()
    return np.asarray(np.rint(pixels * maximum), dtype=int)
