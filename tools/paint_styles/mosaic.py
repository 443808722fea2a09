"""An orange tree by a river, in tesserae set in rows that follow the outlines of what they show."""

import numpy as np
from PIL import Image
from scipy.ndimage import distance_transform_edt, gaussian_filter

from .canvas import Canvas, Field, Mask
from .fields import Points, at, fractal, noise, scatter, smoothstep
from .pigment import palette, ramp, to_rgb, vary
from .scene import Scene, outline

SEED = 3301
LARGEST, SMALLEST = 0.0225, 0.0115
GROUT = 0.0036
SUN = (0.235, 0.2)
CROWN = ((0.72, 0.2, 0.13), (0.61, 0.285, 0.095), (0.83, 0.285, 0.105), (0.72, 0.31, 0.1))
CLOUDS = ((0.5, 0.07, 0.1), (0.43, 0.09, 0.06), (0.02, 0.09, 0.09), (0.97, 0.1, 0.07), (1.04, 0.08, 0.08))
FISH = ((0.255, 0.635, 0.125, -0.22), (0.53, 0.695, 0.105, -0.05))

SKY = palette("1b3f8c 2560a8 3387bd 5fb0c6 a5d3c4 f0e2b4")
DISC = palette("fff0b0 fbc93f f09a27 d9542b")
RAYS = palette("f9d25e fbe9b0 ee9b3a")
CLOUD = palette("fbf4e2 f3d6c6 c9b4cf 93a5cc")
RANGES = (
    palette("3b3f86 5d5ca6 8f83bf c3a6c9"),
    palette("8c2f26 b8502f d98442 eab765"),
    palette("1f4a35 3f7542 7fa047 c5bf5a"),
)
RIVER = palette("0c2a5c 12508a 1a82a6 45b3b5 a6ddcb f4f2d8")
BANK = palette("5a3524 8a5428 bb8436 dcb658 f2e09a")
LEAVES = palette("0e2f26 1b5238 3b7d3c 77a541 c3c858")
BARK = palette("3a1a1a 7a3a24 b06a38 dfae6c")
FRUIT = palette("8e2a12 d6551a f58a22 fdbd4a fff0b0")
SCALES = (palette("c8262c e2452f f5793d fdc670 fff0c4"), palette("d97f16 f2ab2c fbd65f fff4c4"))
EYE = palette("fdf3d8")
MORTAR = palette("2b2622 3d362f")


def add_sky(scene: Scene, rough: Field) -> None:
    x, y = scene.canvas.grid()
    scene.lay(np.full(x.shape, True), ramp(SKY, np.clip(y / 0.42 + 0.13 * rough, 0, 1)), x)
    from_sun = np.hypot(x - SUN[0], y - SUN[1])
    bearing = np.arctan2(y - SUN[1], x - SUN[0])
    beams = ramp(RAYS, 0.5 + 0.5 * np.sin(9 * bearing))
    scene.lay(from_sun < 0.125 + 0.018 * np.sin(18 * bearing), beams, x)
    scene.lay(from_sun < 0.076, ramp(DISC, from_sun / 0.076), x)
    puffs = np.max([1 - np.hypot(x - cx, 2.2 * (y - cy)) / size for cx, cy, size in CLOUDS], axis=0)
    scene.lay(puffs > 0, ramp(CLOUD, np.clip(0.9 - 1.5 * puffs + 0.2 * rough, 0, 1)), x)


def add_land(scene: Scene, rough: Field) -> None:
    x, y = scene.canvas.grid()
    crests = (
        0.36 - 0.075 * np.exp(-(((x - 0.42) / 0.14) ** 2)) - 0.05 * np.exp(-(((x - 0.08) / 0.1) ** 2)),
        0.41 - 0.06 * np.sin(4.2 * x + 0.1),
        0.475 - 0.05 * np.sin(5.5 * x + 3.4),
    )
    for crest, stops in zip(crests, RANGES, strict=True):
        tone = np.clip(0.9 - 6.5 * (y - crest) + 0.3 * rough, 0, 1)
        scene.lay(y > crest, ramp(stops, tone), x)


def add_river(scene: Scene, rough: Field) -> None:
    """Add bands of current between a far bank and a near one."""
    x, y = scene.canvas.grid()
    shore = 0.55 - 0.045 * np.sin(5.2 * x + 0.8)
    depth = (y - shore) / 0.06
    for band in range(5):
        tone = np.clip((0.85, 0.3, 0.62, 0.12, 0.5)[band] + 0.22 * rough + 0.1 * np.sin(11 * x + band), 0, 1)
        scene.lay(depth + 0.12 * np.sin(14 * x + 2 * band) > band, ramp(RIVER, tone), x)
    bank = y - 0.76 + 0.2 * smoothstep(0.5, 1.05, x)
    scene.lay(bank > 0, ramp(BANK, np.clip(0.9 - 2.6 * bank + 0.35 * rough, 0, 1)), x)


def add_fish(scene: Scene, rough: Field) -> None:
    x, y = scene.canvas.grid()
    for (cx, cy, size, turn), stops in zip(FISH, SCALES, strict=True):
        u = ((x - cx) * np.cos(turn) + (y - cy) * np.sin(turn)) / size
        v = ((y - cy) * np.cos(turn) - (x - cx) * np.sin(turn)) / size
        tail = (np.abs(v) < 0.12 + 0.8 * (u - 0.72)) & (u > 0.72) & (u < 1.15 - 0.3 * (0.4 - np.abs(v)))
        scene.lay(tail, ramp(stops, np.clip(1.2 - u + 0.3 * rough, 0, 1)), x)
        body = np.hypot(u, 2.4 * v) < 0.86
        scene.lay(body, ramp(stops, np.clip(0.5 + 1.3 * v + 0.3 * np.sin(16 * u), 0, 1)), x)
        scene.lay(np.hypot(u + 0.55, v + 0.04) < 0.13, EYE[0], x)


def add_tree(scene: Scene, rng: np.random.Generator, rough: Field) -> None:
    x, y = scene.canvas.grid()
    trunk = [(0.68, 0.62), (0.71, 0.5), (0.695, 0.4), (0.64, 0.32), (0.67, 0.3), (0.72, 0.37)]
    trunk += [(0.77, 0.3), (0.8, 0.32), (0.745, 0.42), (0.75, 0.52), (0.79, 0.63)]
    scene.lay(outline(scene.canvas, trunk), ramp(BARK, np.clip((0.76 - x) / 0.08 + 0.3 * rough, 0, 1)), x)
    for cx, cy, radius in CROWN:
        from_middle = np.hypot(x - cx, y - cy) / radius
        light = 0.5 - 0.4 * ((x - cx) + (y - cy)) / radius + 0.25 * rough
        scene.lay(from_middle < 1, ramp(LEAVES, np.clip(light, 0, 1)), x)
        for turn in np.arange(3) * 2.1 + rng.uniform(0, 2):
            px, py = cx + 0.58 * radius * np.cos(turn), cy + 0.58 * radius * np.sin(turn)
            shine = np.clip(0.5 - 11 * ((x - px) + (y - py)), 0, 1)
            scene.lay(np.hypot(x - px, y - py) < 0.031, ramp(FRUIT, shine), x)


class Floor:
    """The mortar bed: which tessera covers each pixel, and where no other may be placed."""

    def __init__(self, scene: Scene, rng: np.random.Generator) -> None:
        self.tesserae = np.zeros(scene.canvas.shape, dtype=np.int32)
        self.occupied: Mask = np.zeros(scene.canvas.shape, dtype=np.bool_)
        self.gap = GROUT * scene.canvas.unit
        self.middles: list[Points] = []
        self.rng = rng

    def place(self, middle: Points, angle: float, side: float, room: Mask, least: float) -> bool:
        """Place a tessera, cut to the free space; return False if less than a share `least` of it would fit."""
        column, row = (int(value) for value in middle)
        inside = 0 <= column < self.occupied.shape[1] and 0 <= row < self.occupied.shape[0]
        if not inside or self.occupied[row, column]:
            return False
        reach = int(side)
        window = np.s_[max(row - reach, 0) : row + reach, max(column - reach, 0) : column + reach]
        dy, dx = np.indices(self.occupied[window].shape, dtype=np.float32)
        dx, dy = dx + window[1].start - middle[0], dy + window[0].start - middle[1]
        turn = angle + self.rng.normal(0, 0.05)
        u, v = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
        skew = self.rng.uniform(-0.1, 0.1, 2)
        edge = np.maximum(np.abs(u + skew[0] * v), np.abs(v + skew[1] * u))
        half = (side - self.gap) / 2
        body = (edge < half) & room[window] & ~self.occupied[window]
        if body.sum() < least * 4 * half**2:
            return False
        self.middles.append(middle)
        self.tesserae[window][body] = len(self.middles)
        self.occupied[window] |= distance_transform_edt(~body) < self.gap
        return True


def set_rows(floor: Floor, scene: Scene, area: int, rng: np.random.Generator) -> None:
    """Fill one area with rows parallel to its outline, the outermost first, and then the holes."""
    depth = np.asarray(distance_transform_edt(scene.areas == area), dtype=np.float32)
    unit = scene.canvas.unit
    side = float(np.clip(depth.max() * 0.5, SMALLEST * unit, LARGEST * unit))
    down, across = np.gradient(gaussian_filter(depth, side / 4))
    inward = np.stack([across, down], axis=-1) / (np.hypot(across, down)[..., None] + 1e-6)
    room = depth > floor.gap / 2
    starts = scatter(rng, depth.shape, side / 3)
    starts = starts[at(depth, starts).astype(float) > 0]
    rows = np.floor(at(depth, starts).astype(float) / side)
    for start, row in zip(starts[np.argsort(rows, kind="stable")], np.sort(rows), strict=True):
        for direction in (-1, 1):
            follow_row(floor, start, (row + 0.5) * side, side * direction, depth, inward, room)
    for start in starts:
        normal = at(inward, start)
        floor.place(start, float(np.arctan2(*normal[::-1])), side, room, 0.16)


def follow_row(floor: Floor, start: Points, level: float, step: float, depth: Field, inward: Field, room: Mask) -> None:
    """Place tesserae side by side at one distance from the outline until the row is blocked."""
    place = start
    while True:
        normal = at(inward, place).astype(float)
        place = place + normal * (level - float(at(depth, place)))
        if not floor.place(place, float(np.arctan2(normal[1], normal[0])), abs(step), room, 0.72):
            return
        place = place + np.array([-normal[1], normal[0]]) * step


def glaze(floor: Floor, scene: Scene, rng: np.random.Generator) -> Field:
    """Return the colors of the floor: a shade for each tessera, rounded edges, rough mortar."""
    shape, unit = scene.canvas.shape, scene.canvas.unit
    loads = vary(rng, at(scene.colors, np.array(floor.middles)).astype(np.float32), 0.045, 0.022)
    grain = fractal(rng, shape, 0.006 * unit, 2)
    mortar = ramp(MORTAR, np.clip(0.5 + 0.5 * grain, 0, 1))
    covered = floor.tesserae > 0
    lab = np.where(covered[..., None], loads[floor.tesserae - 1], mortar)
    tilts = rng.normal(0, 0.3, (len(loads), 2)).astype(np.float32)[floor.tesserae - 1]
    dome = np.minimum(distance_transform_edt(covered), 0.0045 * unit).astype(np.float32)
    down, across = np.gradient(gaussian_filter(dome, 1.5))
    facing = (across + down) * 0.11 + 0.1 * tilts.sum(-1) * covered
    veins = noise(rng, shape, (0.012 * unit, 0.005 * unit))
    lab[..., 0] += 0.6 * facing + 0.02 * grain + 0.02 * veins * covered
    return lab.astype(np.float32)


def paint_mosaic(size: tuple[int, int]) -> Image.Image:
    rng = np.random.default_rng(SEED)
    scene = Scene(Canvas(size))
    rough = fractal(rng, scene.canvas.shape, 0.09 * scene.canvas.unit, 2)
    add_sky(scene, rough)
    add_land(scene, rough)
    add_river(scene, rough)
    add_fish(scene, rough)
    add_tree(scene, rng, rough)
    floor = Floor(scene, rng)
    for area in np.unique(scene.areas).tolist():
        set_rows(floor, scene, area, rng)
    return scene.canvas.finish(to_rgb(glaze(floor, scene, rng)))
