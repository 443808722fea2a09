"""A village below mountains, hatched in colored inks over a pale wash."""

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

from .bristles import trace
from .canvas import Canvas, Mask
from .fields import Points, at, contour_angle, fractal, noise, scatter
from .pigment import mix, palette, ramp, to_rgb, vary
from .scene import Scene, outline

SEED = 4409
PAPER = palette("f5ead2 efe0c0")
SKY = palette("24518f 3f78b0 86b1c4 e8d9b4")
CLOUD = palette("6f7fa6 c9b9b4 f7ecd6")
RANGES = (palette("3b4a86 7481ab c8b7b0"), palette("27406b 4d6d84 a9a98c"), palette("2b4a3c 5c7a45 b5a958"))
MEADOW = palette("2f4a2a 6a7d35 b59b3f e6c76a")
ROOF = palette("6e1f1a a83a26 d8663a")
WALL = palette("8f6d55 d9b98c f6e6c4")
SHADE = palette("3a2a3a 6a4a4c 96705c")
CYPRESS = palette("0d2a2c 1d4a3a 3f6b3c")
ROAD = palette("a9805a e2c594 f7e8c8")
TREES = ((0.09, 0.62, 0.05, 0.3), (0.155, 0.64, 0.036, 0.21), (0.845, 0.66, 0.052, 0.33), (0.925, 0.64, 0.04, 0.23))
HOUSES = (
    (0.27, 0.545, 0.1, 0.075),
    (0.40, 0.525, 0.075, 0.12),
    (0.505, 0.55, 0.11, 0.07),
    (0.63, 0.535, 0.08, 0.085),
    (0.345, 0.605, 0.115, 0.08),
    (0.56, 0.61, 0.12, 0.085),
)


def add_sky(scene: Scene, rng: np.random.Generator) -> None:
    x, y = scene.canvas.grid()
    rough = fractal(rng, scene.canvas.shape, 0.2 * scene.canvas.unit, 3)
    tone = np.clip(y / 0.36 + 0.1 * rough, 0, 1)
    scene.lay(np.full(x.shape, True), ramp(SKY, tone), contour_angle(y + 0.25 * x + 0.05 * rough))
    heaps = noise(rng, scene.canvas.shape, (0.3 * scene.canvas.unit, 0.13 * scene.canvas.unit)) + 0.35 * rough
    light = np.clip(0.2 + 1.1 * (heaps - 0.15), 0, 1)
    scene.lay(heaps > 0.22, ramp(CLOUD, light), contour_angle(y + 0.12 * heaps + 0.3 * x))


def add_mountains(scene: Scene, rng: np.random.Generator) -> None:
    x, y = scene.canvas.grid()
    jag = fractal(rng, scene.canvas.shape, 0.16 * scene.canvas.unit, 5)
    jag = np.broadcast_to(jag[scene.canvas.shape[0] // 2], x.shape)
    crests = (
        0.31 - 0.15 * np.exp(-(((x - 0.68) / 0.16) ** 2)) - 0.08 * np.exp(-(((x - 0.22) / 0.13) ** 2)) - 0.035 * jag,
        0.39 - 0.07 * np.exp(-(((x - 0.05) / 0.2) ** 2)) - 0.06 * np.exp(-(((x - 0.93) / 0.18) ** 2)) + 0.025 * jag,
        0.46 - 0.03 * np.sin(6 * x + 0.6),
    )
    ridges = fractal(rng, scene.canvas.shape, 0.11 * scene.canvas.unit, 4)
    for crest, stops in zip(crests, RANGES, strict=True):
        height = gaussian_filter(np.asarray(crest, dtype=np.float32), 12) + 0.02 * ridges
        facing = np.gradient(height, axis=1) * scene.canvas.unit
        tone = np.clip(0.5 - 0.8 * facing + 1.5 * (y - crest), 0, 1)
        scene.lay(y > crest, ramp(stops, tone), contour_angle(y - crest + 0.04 * ridges + 0.6 * x))


def add_meadow(scene: Scene, rng: np.random.Generator) -> None:
    """Add rolling ground, with a road that winds up to the village."""
    x, y = scene.canvas.grid()
    rough = fractal(rng, scene.canvas.shape, 0.13 * scene.canvas.unit, 3)
    roll = y + 0.04 * np.sin(7 * x + 9 * y) + 0.03 * rough
    tone = np.clip(0.55 + 0.4 * np.sin(26 * roll) + 0.2 * rough, 0, 1)
    scene.lay(y > 0.5 + 0.012 * rough, ramp(MEADOW, tone), contour_angle(roll))
    near = np.clip((y - 0.56) / (scene.canvas.bottom - 0.56), 0, 1.3)
    middle = 0.47 + 0.16 * np.sin(3.6 * near) * near
    across = (x - middle) / (0.02 + 0.13 * near)
    scene.lay((np.abs(across) < 1) & (y > 0.58), ramp(ROAD, np.clip(0.75 - 0.5 * across, 0, 1)), contour_angle(across))


def add_houses(scene: Scene) -> None:
    """Add houses lit from the left: a front, a shaded side, a roof and windows."""
    x, y = scene.canvas.grid()
    upright, level = np.full(x.shape, 1.5, dtype=np.float32), np.full(x.shape, 0.06, dtype=np.float32)
    slope = np.full(x.shape, 1.05, dtype=np.float32)
    for left, top, width, height in HOUSES:
        front, ridge = left + 0.62 * width, top - 0.5 * height
        bottom = top + height
        wall = ramp(WALL, np.clip(0.9 - 4 * (x - left), 0.35, 1))
        scene.lay(outline(scene.canvas, [(left, top), (front, top), (front, bottom), (left, bottom)]), wall, level)
        gable = [
            (front, bottom),
            (front, top),
            (front + 0.19 * width, ridge),
            (left + width, top),
            (left + width, bottom),
        ]
        scene.lay(outline(scene.canvas, gable), ramp(SHADE, np.clip((y - ridge) / (2 * height), 0, 1)), upright)
        roof = [
            (left - 0.02, top + 0.008),
            (left + 0.16 * width, ridge),
            (front + 0.19 * width, ridge),
            (front, top + 0.008),
        ]
        tiles = ramp(ROOF, np.clip(0.25 + 0.75 * (top - y) / (0.5 * height), 0, 1))
        scene.lay(outline(scene.canvas, roof), tiles, slope)
        for at_x, at_y, wide, high in ((0.12, 0.25, 0.12, 0.28), (0.4, 0.25, 0.12, 0.28)):
            u, v = left + at_x * width, top + at_y * height
            pane = [(u, v), (u + wide * width, v), (u + wide * width, v + high * height), (u, v + high * height)]
            scene.lay(outline(scene.canvas, pane), ramp(SHADE, np.zeros(x.shape)), upright)


def add_cypresses(scene: Scene, rng: np.random.Generator) -> None:
    x, y = scene.canvas.grid()
    rough = fractal(rng, scene.canvas.shape, 0.05 * scene.canvas.unit, 3)
    for foot, ground, width, height in TREES:
        rise = np.clip((ground - y) / height, 0, 1)
        breadth = width * np.sqrt(np.clip(1 - rise, 0, 1)) * (0.55 + 0.45 * (1 - rise)) * (1 + 0.18 * rough)
        across = (x - foot - 0.012 * np.sin(5 * rise)) / np.maximum(breadth, 1e-4)
        tone = np.clip(0.45 - 0.5 * across + 0.3 * rough, 0, 1)
        mask = (np.abs(across) < 1) & (y < ground) & (y > ground - height)
        scene.lay(mask, ramp(CYPRESS, tone), 1.57 + 0.55 * np.clip(across, -1, 1) + 0.3 * rough)


class Sheet:
    """Paper with a pale wash, and the pen that hatches it."""

    def __init__(self, rng: np.random.Generator, scene: Scene) -> None:
        grain = fractal(rng, scene.canvas.shape, 0.004 * scene.canvas.unit, 2)
        bloom = fractal(rng, scene.canvas.shape, 0.1 * scene.canvas.unit, 4)
        paper = ramp(PAPER, np.clip(0.5 + 0.3 * bloom, 0, 1))
        wash = gaussian_filter(scene.colors, (0.003 * scene.canvas.unit,) * 2 + (0,))
        lab = mix(paper, wash, np.clip(0.42 + 0.16 * bloom, 0, 0.7))
        lab[..., 0] += 0.07 + 0.012 * grain
        self.picture = Image.fromarray(to_rgb(lab))
        self.pen = ImageDraw.Draw(self.picture)
        self.rng, self.scene = rng, scene

    def line(self, path: Points, width: float, ink: tuple[int, ...]) -> None:
        """Draw a stroke of the pen, broadest in its middle."""
        widths = np.maximum(1, np.round(width * (1 - 0.7 * np.linspace(-1, 1, len(path) - 1) ** 2)))
        for first, second, breadth in zip(path[:-1], path[1:], widths.astype(int).tolist(), strict=True):
            self.pen.line([tuple(first), tuple(second)], fill=ink, width=breadth)

    def hatch(self, turn: float, gap: float, length: float, width: float, darker_than: float) -> None:
        """Draw evenly spaced strokes at an angle to the form where the scene is dark enough."""
        unit = self.scene.canvas.unit
        rotated = Scene(self.scene.canvas)
        rotated.areas, rotated.angles = self.scene.areas, self.scene.angles + np.float32(turn)
        starts = scatter(self.rng, self.scene.canvas.shape, 0.7 * gap * unit)
        colors = np.asarray(at(self.scene.colors, starts), dtype=np.float32)
        is_dark = colors[:, 0] < darker_than + self.rng.normal(0, 0.03, len(starts))
        starts, colors = starts[is_dark], colors[is_dark]
        inks = vary(self.rng, colors * np.array([0.6, 1.35, 1.35], dtype=np.float32), 0.03, 0.015)
        occupied = Image.new("1", self.scene.canvas.shape[::-1])
        marker = ImageDraw.Draw(occupied)
        for path, ink in zip(trace(rotated, starts, length * unit), to_rgb(inks).tolist(), strict=True):
            trail = trim_to_free(path, np.asarray(at(self.scene.colors[..., 0], path)) < darker_than + 0.06, occupied)
            if len(trail) > 6:
                self.line(trail + self.rng.normal(0, 0.7, 2), width * self.rng.uniform(0.7, 1.25), tuple(ink))
                marker.line([tuple(point) for point in trail.tolist()], fill=1, width=round(gap * unit))

    def draw_outlines(self, width: float) -> None:
        """Draw a dark, slightly broken contour where two areas meet."""
        edge = np.zeros(self.scene.canvas.shape, dtype=np.bool_)
        edge[1:, 1:] = (np.diff(self.scene.areas, axis=0)[:, 1:] != 0) | (np.diff(self.scene.areas, axis=1)[1:] != 0)
        wander = fractal(self.rng, self.scene.canvas.shape, 0.03 * self.scene.canvas.unit, 2)
        ink = gaussian_filter(edge.astype(np.float32), width) * 2.5 * width * np.clip(0.75 + 0.6 * wander, 0, 1)
        dark = np.asarray(palette("1a1620"), dtype=np.float32)
        base = np.asarray(self.picture, dtype=np.float32)
        share = np.clip(ink, 0, 0.92)[..., None]
        self.picture = Image.fromarray((base * (1 - share) + to_rgb(dark).astype(np.float32) * share).astype(np.uint8))


def trim_to_free(path: Points, dark: Mask, occupied: Image.Image) -> Points:
    """Return the part of a path around its middle that stays on dark, unmarked paper."""
    columns, rows = occupied.size
    inside = (path >= 0).all(-1) & (path < (columns - 1, rows - 1)).all(-1)
    middle = len(path) // 2
    good = [
        bool(ok) and not occupied.getpixel((int(x), int(y)))
        for ok, (x, y) in zip(inside & dark, path.tolist(), strict=True)
    ]
    if not good[middle]:
        return path[:0]
    first = next((k + 1 for k in range(middle, -1, -1) if not good[k]), 0)
    last = next((k for k in range(middle, len(path)) if not good[k]), len(path))
    moved = np.concatenate([[True], np.hypot(*np.diff(path[first:last], axis=0).T) > 0])
    return np.asarray(path[first:last][moved])


def paint_hatching(size: tuple[int, int]) -> Image.Image:
    rng = np.random.default_rng(SEED)
    canvas = Canvas(size)
    scene = Scene(canvas)
    add_sky(scene, rng)
    add_mountains(scene, rng)
    add_meadow(scene, rng)
    add_houses(scene)
    add_cypresses(scene, rng)
    sheet = Sheet(rng, scene)
    sheet.hatch(0.0, 0.0058, 0.075, 4.4, 0.93)
    sheet.hatch(0.95, 0.0066, 0.06, 4.0, 0.66)
    sheet.hatch(-0.95, 0.0068, 0.05, 4.0, 0.5)
    sheet.hatch(0.4, 0.0072, 0.04, 4.0, 0.38)
    sheet.draw_outlines(1.4)
    return canvas.finish(np.asarray(sheet.picture))
