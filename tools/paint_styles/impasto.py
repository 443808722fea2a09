"""A flower field at sunset, laid on thickly with a palette knife and lit from one side."""

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from .canvas import Canvas, Field
from .fields import Points, at, contour_angle, fractal, noise, scatter, smoothstep
from .pigment import mix, palette, ramp, to_rgb, vary
from .scene import Scene

SEED = 2203
HORIZON = 0.37
SUN = (0.33, 0.275)
FAR_END = (0.42, 0.33)

SKY = palette("fff0b8 fdcf74 f8a25c ee7a63 c9627d 8d5b93 56558f 38437c")
CLOUD = palette("ffe9c0 ffc38a f08c7a b96a8f 6a5a97 44487f")
HILLS = (palette("8a78a8 a884a6 d09a9c"), palette("4c4f88 6a5f93 94708f"), palette("223553 2f4a5c 4d6a5e 87835a"))
GREENS = palette("142a2a 1f4535 38683c 6d8f45 b3b556")
TREES = ((0.7, 0.3, 0.035), (0.765, 0.265, 0.06), (0.85, 0.28, 0.05), (0.9, 0.315, 0.035))
LEAVES = palette("10202c 1c3a3c 3a5a44 8a8446 e0a24e")
BEDS = tuple(
    palette(stops)
    for stops in (
        "7c1226 b81f2b df3a2c f26b3a",
        "4a2f7d 6b4aa6 9277c6 c3a8dd",
        "b8691b e39a22 f6c537 fde88a",
        "96285e c74682 e87fa5 f9c3c4",
    )
)


@dataclass(frozen=True)
class Knife:
    """A palette knife: width and length of its dabs in image widths, paint height and variation of color."""

    width: float
    length: float
    load: float
    lightness: float
    tint: float


def add_sky(scene: Scene, rng: np.random.Generator) -> None:
    x, y = scene.canvas.grid()
    rough = fractal(rng, scene.canvas.shape, 0.3 * scene.canvas.unit, 3)
    from_sun = np.hypot(0.75 * (x - SUN[0]), 1.2 * (y - SUN[1]))
    far = np.clip(from_sun * 1.75 + 0.1 * rough, 0, 1)
    streaks = noise(rng, scene.canvas.shape, (0.33 * scene.canvas.unit, 0.05 * scene.canvas.unit))
    cloud = smoothstep(0.05, 0.45, streaks + 0.3 * rough + 0.4 * (0.25 - y))
    colors = mix(ramp(SKY, far), ramp(CLOUD, far), cloud)
    colors[..., 0] += 0.05 * streaks
    angles = contour_angle(y + 0.1 * x + 0.05 * rough) + 0.25 * rough
    scene.lay(np.full(x.shape, True), colors, angles)
    scene.lay(np.hypot(x - SUN[0], y - SUN[1]) < 0.042, palette("fffbe2"), contour_angle(from_sun))


def add_hills(scene: Scene, rng: np.random.Generator) -> None:
    x, _ = scene.canvas.grid()
    ridges = (
        0.3 - 0.03 * np.sin(7 * x + 0.5) - 0.02 * np.sin(15 * x),
        0.335 - 0.035 * np.sin(5 * x + 2.6) - 0.012 * np.sin(17 * x + 1),
        0.372 - 0.03 * np.abs(np.sin(9 * x + 0.4)) - 0.05 * np.exp(-(((x - 0.83) / 0.08) ** 2)),
    )
    for ridge, stops in zip(ridges, HILLS, strict=True):
        add_ridge(scene, rng, np.asarray(ridge, dtype=np.float32), stops)


def add_ridge(scene: Scene, rng: np.random.Generator, ridge: Field, stops: Field) -> None:
    """Add one ridge, warm where it faces the sun."""
    x, y = scene.canvas.grid()
    rough = fractal(rng, scene.canvas.shape, 0.08 * scene.canvas.unit, 3)
    glow = np.exp(-np.abs(x - SUN[0]) / 0.3)
    tone = np.clip(0.25 + 0.55 * glow - 3 * (y - ridge) + 0.35 * rough, 0, 1)
    scene.lay(y > ridge + 0.006 * rough, ramp(stops, tone), contour_angle(y - ridge) + 0.5 * rough)


def add_trees(scene: Scene, rng: np.random.Generator) -> None:
    """Add trees with round dark crowns, edged with gold on the sun's side."""
    x, y = scene.canvas.grid()
    rough = fractal(rng, scene.canvas.shape, 0.05 * scene.canvas.unit, 3)
    for cx, cy, radius in TREES:
        from_middle = np.hypot(x - cx, 0.75 * (y - cy)) / radius + 0.18 * rough
        tone = np.clip(0.3 + 0.6 * (cx - x) / radius + 0.35 * (cy - y) / radius + 0.25 * rough, 0, 1)
        mask = (from_middle < 1) | ((np.abs(x - cx) < 0.1 * radius) & (y > cy))
        scene.lay(mask, ramp(LEAVES, tone), contour_angle(from_middle) + 0.4 * rough)


def add_field(scene: Scene, rng: np.random.Generator) -> None:
    """Add beds of flowers that converge at FAR_END, with green between them."""
    x, y = scene.canvas.grid()
    rough = fractal(rng, scene.canvas.shape, 0.09 * scene.canvas.unit, 3)
    near = np.maximum(y - FAR_END[1], 0.01)
    lane = (x - FAR_END[0] + 0.05 * np.sin(9 * near)) / near * 1.55 + 0.12 * rough
    bed = np.floor(lane).astype(int) % len(BEDS)
    middle = 1 - 2 * np.abs(lane - np.floor(lane) - 0.5)
    tone = np.clip(0.5 + 0.4 * rough + 0.35 * (middle - 0.5) - 0.25 * smoothstep(0.55, 0.85, y), 0, 1)
    blooms = np.choose(bed[..., None], [ramp(stops, tone) for stops in BEDS])
    green = ramp(GREENS, np.clip(tone * 0.75 + 0.1 * rough, 0, 1))
    share = smoothstep(0.22, 0.42, middle + 0.25 * rough)
    glow = 0.3 * np.exp(-near / 0.09)
    colors = mix(mix(green, blooms.astype(np.float32), share), SKY[1:2], np.asarray(glow, dtype=np.float32))
    scene.lay(y > HORIZON + 0.008 * rough, colors, contour_angle(lane * near) + 0.5 * rough)


class Relief:
    """Wet paint: its color, and its height in dab thicknesses."""

    def __init__(self, ground: Field) -> None:
        self.color = ground.copy()
        self.height: Field = np.zeros(ground.shape[:2], dtype=np.float32)

    def dab(
        self, rng: np.random.Generator, place: Points, angle: float, half: Points, load: Field, lift: float
    ) -> None:
        """Press one dab of paint: flat under the blade, with ridges along its sides and at its end."""
        reach = int(np.hypot(*half)) + 2
        column, row = (int(value) for value in place)
        window = np.s_[max(row - reach, 0) : row + reach, max(column - reach, 0) : column + reach]
        patch = self.height[window]
        if patch.size == 0:
            return
        dy, dx = np.indices(patch.shape, dtype=np.float32)
        dx, dy = dx + window[1].start - place[0], dy + window[0].start - place[1]
        u = (dx * np.cos(angle) + dy * np.sin(angle)) / half[0]
        v = (dy * np.cos(angle) - dx * np.sin(angle)) / half[1] + rng.uniform(-0.25, 0.25) * u**2
        grooves = np.interp(v, np.linspace(-1, 1, 15), rng.uniform(-1, 1, 15))
        covered = (np.abs(v) + 0.12 * u**2 < 1) & (np.abs(u + 0.18 * grooves) < 0.85)
        ridge = 0.5 * smoothstep(0.7, 0.95, np.abs(v)) + 0.6 * smoothstep(0.35, 0.85, u)
        thickness = lift * (0.55 + ridge + 0.16 * grooves)
        patch[covered] = (0.45 * patch + thickness)[covered]
        streak = np.clip(0.5 + 0.7 * grooves, 0, 1).astype(np.float32)
        self.color[window][covered] = mix(load[:1], load[1:], streak)[covered]

    def paint(self, rng: np.random.Generator, scene: Scene, starts: Points, scales: Field, knife: Knife) -> None:
        """Paint dabs in the scene's colors at the given points, each mixed with a neighboring color."""
        drift = rng.normal(0, 0.3 * knife.length * scene.canvas.unit, starts.shape)
        pairs = np.stack([at(scene.colors, starts), at(scene.colors, starts + drift)], axis=1).astype(np.float32)
        loads = vary(rng, pairs, knife.lightness, knife.tint)
        turns = at(scene.angles, starts).astype(float) + rng.normal(0, 0.2, len(starts))
        turns += np.pi * rng.integers(0, 2, len(starts))
        halves = 0.5 * scene.canvas.unit * np.array([knife.length, knife.width]) * scales[:, None]
        halves = halves * rng.uniform(0.7, 1.3, halves.shape)
        for start, turn, half, load in zip(starts, turns, halves, loads, strict=True):
            self.dab(rng, start, turn, half, load, knife.load * half[1] / 20)

    def illuminate(self) -> Field:
        """Return the colors under a lamp at the upper left: slopes that face it are light, others dark."""
        height = gaussian_filter(self.height, 1.3) * 7
        down, across = np.gradient(height)
        facing = (0.62 + 0.55 * across + 0.55 * down) / np.sqrt(1 + across**2 + down**2)
        gleam = np.clip(facing - 0.72, 0, 0.3)
        colors = self.color.copy()
        colors[..., 0] = colors[..., 0] * np.clip(0.62 + 0.61 * facing, 0.5, 1.15) + 0.35 * gleam
        return colors


def paint_flowers(relief: Relief, rng: np.random.Generator, scene: Scene, flowering: int) -> None:
    """Add single flowers, thick and bright, larger towards the viewer."""
    places = scatter(rng, scene.canvas.shape, 0.016 * scene.canvas.unit)
    near = (places[:, 1] - scene.canvas.border) / scene.canvas.unit - HORIZON
    selected = (at(scene.areas, places) == flowering) & (rng.uniform(size=len(places)) < 0.75 - 1.1 * near)
    places, near = places[selected], near[selected]
    scene.colors[..., 0] += 0.09
    scene.colors[..., 1:] *= 1.12
    scene.angles += 0.9
    relief.paint(rng, scene, places, (0.4 + 3 * near).astype(np.float32), Knife(0.016, 0.022, 2.1, 0.06, 0.02))


def paint_impasto(size: tuple[int, int]) -> Image.Image:
    rng = np.random.default_rng(SEED)
    canvas = Canvas(size)
    scene = Scene(canvas)
    add_sky(scene, rng)
    add_hills(scene, rng)
    add_trees(scene, rng)
    add_field(scene, rng)
    relief = Relief(scene.colors)
    for spacing, knife in (
        (0.034, Knife(0.066, 0.16, 0.9, 0.02, 0.01)),
        (0.024, Knife(0.036, 0.085, 1.0, 0.035, 0.014)),
        (0.023, Knife(0.016, 0.042, 1.4, 0.045, 0.018)),
    ):
        starts = scatter(rng, canvas.shape, spacing * canvas.unit)
        near_horizon = np.abs((starts[:, 1] - canvas.border) / canvas.unit - HORIZON)
        scales = np.clip(0.45 + 4 * near_horizon, 0, 1).astype(np.float32)
        relief.paint(rng, scene, starts, scales, knife)
    paint_flowers(relief, rng, scene, scene.count)
    return canvas.finish(to_rgb(relief.illuminate()))
