"""The sheet that a style is painted on: larger than the image, so that strokes cross its edges."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

Field = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

OVERSAMPLE = 2
MARGIN = 0.07


@dataclass(frozen=True)
class Canvas:
    """Coordinates in image widths (x from 0 to 1, y from 0 down to `bottom`), and their pixels on the sheet."""

    size: tuple[int, int]

    @property
    def bottom(self) -> float:
        return self.size[1] / self.size[0]

    @property
    def unit(self) -> int:
        """Number of the sheet's pixels in one image width."""
        return self.size[0] * OVERSAMPLE

    @property
    def border(self) -> int:
        """Number of the sheet's pixels that are cropped at each edge."""
        return round(MARGIN * self.unit)

    @property
    def shape(self) -> tuple[int, int]:
        width, height = self.size
        return height * OVERSAMPLE + 2 * self.border, width * OVERSAMPLE + 2 * self.border

    def grid(self) -> tuple[Field, Field]:
        rows, columns = np.mgrid[: self.shape[0], : self.shape[1]].astype(np.float32)
        return (columns - self.border) / self.unit, (rows - self.border) / self.unit

    def pixels(self, points: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return sheet pixels (column, row) of points in image widths."""
        return np.asarray(points, dtype=np.float64) * self.unit + self.border

    def blank(self) -> Image.Image:
        return Image.new("RGB", self.shape[::-1])

    def finish(self, rgb: npt.NDArray[np.uint8]) -> Image.Image:
        """Return the image: the sheet without its margin, reduced to the requested size."""
        cut = self.border
        inner = np.ascontiguousarray(rgb[cut:-cut, cut:-cut])
        return Image.fromarray(inner).resize(self.size, Image.Resampling.LANCZOS)
