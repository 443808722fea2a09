"""Brush strokes made of bristles, each carrying its own shade of the load, and the relief they leave."""

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
    """One brush: its width and the length of its strokes in picture widths, and how uneven its load is."""

    width: float
    length: float
    bristles: int
    lightness: float
    tint: float


def trace(scene: Scene, starts: Points, length: float) -> Points:
    """Paths (stroke, step, xy) that follow the scene's angles both ways and stop at the area's edge."""
    home = at(scene.areas, starts)
    halves = []
    for sense in (-1.0, 1.0):
        place, heading = starts.copy(), np.zeros((len(starts), 2))
        path = [place]
        for _ in range(STEPS):
            angle = at(scene.angles, place).astype(np.float64)
            step = np.stack([np.cos(angle), np.sin(angle)], axis=-1) * sense
            # A contour has no preferred sense, so a stroke keeps the one it set out with.
            step *= np.where((step * heading).sum(-1, keepdims=True) < 0, -1, 1)
            target = place + step * length / (2 * STEPS)
            inside = (at(scene.areas, target) == home)[:, None]
            place, heading = np.where(inside, target, place), step
            path.append(place)
        halves.append(np.stack(path, axis=1))
    return np.concatenate([halves[0][:, :0:-1], halves[1]], axis=1)


class Compute:
    """The wet painting: color, and beside it the height of the paint."""

    def __init__(self, ground: Image.Image) -> None:
        self.color = ground
        self.height = Image.new("L", ground.size, 96)
        self.pens = ImageDraw.Draw(self.color), ImageDraw.Draw(self.height)

    def stroke(self, rng: np.random.Generator, path: Points, width: float, load: Field, brush: Brush) -> None:
        """Draws one path; its bristles set down and lift at slightly different moments."""
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
        """Covers the given places with strokes in the scene's colors."""
        unit = scene.canvas.unit
        loads = vary(rng, at(scene.colors, starts).astype(np.float32), brush.lightness, brush.tint)
        widths = brush.width * unit * rng.uniform(0.7, 1.25, len(starts))
        for path, width, load in zip(trace(scene, starts, brush.length * unit), widths, loads, strict=True):
            moved = np.hypot(*np.diff(path, axis=0).T) > 0
            trail = path[np.concatenate([[True], moved])]
            if len(trail) > STEPS // 2:
                self.stroke(rng, trail, width, load, brush)

    def lit(self, strength: float) -> npt.NDArray[np.uint8]:
        """The painting under a lamp at its upper left, which the ridges of paint catch."""
        height = gaussian_filter(np.asarray(self.height, dtype=np.float32) / 255, 1.2)
        slope = np.gradient(height, axis=0) + np.gradient(height, axis=1)
        shade = np.clip(1 + strength * slope, 0.75, 1.25)[..., None]
        return np.asarray(np.clip(np.asarray(self.color) * shade, 0, 255), dtype=np.uint8)
