"""Brush strokes made of bristles, each with its own shade of the paint, and the relief of the paint."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

from .canvas import Field
from .fields import Points, at
from .pigment import to_rgb, vary
from .scene import Scene

STEPS = 14


@dataclass(frozen=True)
class Brush:
    """A brush: its width and the length of its strokes in image widths, and the variation of its colors."""

    width: float
    length: float
    bristles: int
    lightness: float
    tint: float


def trace(scene: Scene, starts: Points, length: float) -> Points:
    """Return paths (stroke, step, xy) that follow the scene's angles both ways and stop at the edge of their area."""
    start_areas = at(scene.areas, starts)
    halves = []
    for direction in (-1.0, 1.0):
        position, heading = starts.copy(), np.zeros((len(starts), 2))
        path = [position]
        for _ in range(STEPS):
            angle = at(scene.angles, position).astype(np.float64)
            step = np.stack([np.cos(angle), np.sin(angle)], axis=-1) * direction
            # A contour has no preferred direction, so a stroke keeps its first one.
            step *= np.where((step * heading).sum(-1, keepdims=True) < 0, -1, 1)
            target = position + step * length / (2 * STEPS)
            inside = (at(scene.areas, target) == start_areas)[:, None]
            position, heading = np.where(inside, target, position), step
            path.append(position)
        halves.append(np.stack(path, axis=1))
    return np.concatenate([halves[0][:, :0:-1], halves[1]], axis=1)


class PaintLayer:
    """Wet paint: its color and its height."""

    def __init__(self, ground: Image.Image) -> None:
        self.color = ground
        self.height = Image.new("L", ground.size, 96)
        self.pens = ImageDraw.Draw(self.color), ImageDraw.Draw(self.height)

    def stroke(self, rng: np.random.Generator, path: Points, width: float, load: Field, brush: Brush) -> None:
        """Draw one path; the bristles touch down and lift at slightly different moments."""
        run = np.gradient(path, axis=0)
        across = np.stack([-run[:, 1], run[:, 0]], axis=-1) / (np.hypot(*run.T)[:, None] + 1e-6)
        t = np.linspace(-1, 1, len(path))
        swell = np.sqrt(np.clip(1 - np.abs(t) ** 3, 0.05, 1))[:, None]
        shades = to_rgb(vary(rng, np.repeat(load[None], brush.bristles, axis=0), brush.lightness, brush.tint))
        thick = max(2, round(1.7 * width / brush.bristles))
        offsets = np.linspace(-0.5, 0.5, brush.bristles)
        for number in rng.permutation(brush.bristles):
            first, last = rng.integers(0, 4), len(path) - rng.integers(0, 7)
            line = (path + across * swell * offsets[number] * width)[first:last]
            flat = [tuple(point) for point in line.tolist()]
            self.pens[0].line(flat, fill=tuple(shades[number].tolist()), width=thick)
            self.pens[1].line(flat, fill=int(rng.integers(70, 190)), width=thick)

    def paint(self, rng: np.random.Generator, scene: Scene, starts: Points, brush: Brush) -> None:
        """Paint strokes in the scene's colors, centered at the given points."""
        unit = scene.canvas.unit
        loads = vary(rng, at(scene.colors, starts).astype(np.float32), brush.lightness, brush.tint)
        widths = brush.width * unit * rng.uniform(0.7, 1.25, len(starts))
        for path, width, load in zip(trace(scene, starts, brush.length * unit), widths, loads, strict=True):
            moved = np.hypot(*np.diff(path, axis=0).T) > 0
            trail = path[np.concatenate([[True], moved])]
            if len(trail) > STEPS // 2:
                self.stroke(rng, trail, width, load, brush)

    def illuminate(self, strength: float) -> npt.NDArray[np.uint8]:
        """Return the colors under a lamp at the upper left, with highlights on the ridges of paint."""
        height = gaussian_filter(np.asarray(self.height, dtype=np.float32) / 255, 1.2)
        slope = np.gradient(height, axis=0) + np.gradient(height, axis=1)
        shade = np.clip(1 + strength * slope, 0.75, 1.25)[..., None]
        return np.asarray(np.clip(np.asarray(self.color) * shade, 0, 255), dtype=np.uint8)
