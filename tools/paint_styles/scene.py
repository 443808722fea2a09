"""The content of an image before it is painted: areas with colors and stroke directions."""

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from .canvas import Canvas, Field, Mask


class Scene:
    """Areas from back to front."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.areas: npt.NDArray[np.int32] = np.zeros(canvas.shape, dtype=np.int32)
        self.colors: Field = np.zeros((*canvas.shape, 3), dtype=np.float32)
        self.angles: Field = np.zeros(canvas.shape, dtype=np.float32)
        self.count = 0

    def lay(self, mask: Mask, colors: Field, angles: Field) -> int:
        """Cover the mask with a new area and return its number."""
        self.count += 1
        self.areas[mask] = self.count
        self.colors[mask] = np.broadcast_to(colors, self.colors.shape)[mask]
        self.angles[mask] = angles[mask]
        return self.count


def outline(canvas: Canvas, points: npt.ArrayLike) -> Mask:
    """Return the inside of a polygon given in image widths."""
    sheet = Image.new("1", canvas.shape[::-1])
    ImageDraw.Draw(sheet).polygon([(x, y) for x, y in canvas.pixels(points)], fill=1)
    return np.asarray(sheet, dtype=np.bool_)
