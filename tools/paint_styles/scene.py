"""What a picture shows, before any mark is made: areas, each with its colors and the way its marks run."""

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from .canvas import Canvas, Field, Mask


class Scene:
    """Areas laid over one another from back to front."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.areas: npt.NDArray[np.int32] = np.zeros(canvas.shape, dtype=np.int32)
        self.colors: Field = np.zeros((*canvas.shape, 3), dtype=np.float32)
        self.angles: Field = np.zeros(canvas.shape, dtype=np.float32)
        self.count = 0

    def lay(self, mask: Mask, colors: Field, angles: Field) -> int:
        """Covers the mask with a new area, whose number it returns."""
        self.count += 1
        self.areas[mask] = self.count
        self.colors[mask] = np.broadcast_to(colors, self.colors.shape)[mask]
        self.angles[mask] = angles[mask]
        return self.count


def outline(canvas: Canvas, points: npt.ArrayLike) -> Mask:
    """The inside of a polygon given in picture widths."""
    sheet = Image.new("1", canvas.shape[::-1])
    ImageDraw.Draw(sheet).polygon([(x, y) for x, y in canvas.pixels(points)], fill=1)
    return np.asarray(sheet, dtype=np.bool_)
