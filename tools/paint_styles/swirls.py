"""A windy sea under a blazing sky, in long curved strokes that follow the currents of air and water."""

import numpy as np
from PIL import Image

from .bristles import Brush, PaintLayer
from .canvas import Canvas, Field
from .fields import at, contour_angle, fractal, scatter, smoothstep
from .pigment import mix, palette, ramp, to_rgb
from .scene import Scene, outline

SEED = 1107
HORIZON = 0.455
SUN = (0.69, 0.235)
EDDIES = ((0.19, 0.17, 0.105), (0.44, 0.27, -0.062), (0.97, 0.06, 0.085), (0.43, 0.045, 0.055), (0.02, 0.38, -0.06))

BLAZE = palette("fff3c0 ffdf78 fdbf45 f29232 e56f3c c4565a 7d5a8c 3f5f9e 274a86")
COOL = palette("fdeaa0 f4c552 c3c47f 79bdae 3f9aa6 2c7a9c 23578a 1d3f73 172b58")
WATER = palette("101f45 15386a 1a5a82 23808f 4aa79a 9fd0b4 dfeccf")
GLITTER = palette("5a3560 b8483c e8742e f7a238 fcc552 ffe795")
HEADLAND = palette("14152f 1d1e45 2c2c5c 443f72 63507f 9a6c7c")
ROCK = palette("120f22 241a38 3d2a4c 6a4355 a8625a e0945e")
SAIL = palette("e9a25b fbe3b0 fff7df")


def add_sky(scene: Scene, rng: np.random.Generator) -> None:
    """Add currents of air: contours of a stream function with an eddy at each of EDDIES and rings at the sun."""
    x, y = scene.canvas.grid()
    wobble = fractal(rng, scene.canvas.shape, 0.25 * scene.canvas.unit, 3)
    stream = y + 0.035 * np.sin(9 * x + 1) + 0.02 * wobble
    for cx, cy, size in EDDIES:
        stream += 2.3 * size * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * size**2))
    from_sun = np.hypot(x - SUN[0], y - SUN[1])
    near = np.exp(-((from_sun / 0.17) ** 2))
    stream = stream * (1 - near) + from_sun * near
    band = 0.5 + 0.5 * np.sin(2 * np.pi * (stream * 9 + 0.3 * wobble))
    far = np.clip((from_sun - 0.02) * 1.45 + 0.08 * wobble, 0, 1)
    colors = mix(ramp(BLAZE, far), ramp(COOL, far), smoothstep(0.42, 0.85, band))
    colors[..., 0] += 0.06 * (band - 0.5) * smoothstep(0.05, 0.2, from_sun)
    scene.lay(np.full(x.shape, True), colors, contour_angle(stream))
    scene.lay(from_sun < 0.058, ramp(BLAZE[:3], from_sun / 0.07), contour_angle(from_sun))


def add_headland(scene: Scene, rng: np.random.Generator) -> None:
    x, y = scene.canvas.grid()
    rough = fractal(rng, scene.canvas.shape, 0.12 * scene.canvas.unit, 4)
    crest = HORIZON - 0.115 * np.exp(-(((x + 0.02) / 0.2) ** 2)) - 0.05 * np.exp(-(((x - 0.26) / 0.07) ** 2))
    depth = (y - crest - 0.012 * rough) / 0.13
    colors = ramp(HEADLAND, np.clip(0.75 - depth * 0.7 + 0.25 * rough, 0, 1))
    mask = (depth > 0) & (crest < HORIZON - 0.004)
    scene.lay(mask, colors, contour_angle(depth + 0.6 * x + 0.1 * rough))


def add_sea(scene: Scene, rng: np.random.Generator) -> Field:
    """Add waves that grow towards the viewer, with the sun's reflection; return where foam may be."""
    x, y = scene.canvas.grid()
    rough = fractal(rng, scene.canvas.shape, 0.16 * scene.canvas.unit, 3)
    near = np.clip((y - HORIZON) / (scene.canvas.bottom - HORIZON), 0, 1.4)
    reach = 0.25 + near
    swell = np.sin(2 * np.pi * (1.15 * x / reach + 0.22)) + 0.5 * np.sin(2 * np.pi * (2.7 * x / reach) + 2)
    phase = 2 * np.pi * (5.2 * near**0.62 + 0.3 * swell * np.minimum(1, near * 3) + 0.16 * rough)
    face = 0.5 + 0.5 * np.sin(phase)
    tone = np.clip(face**1.5 * (0.62 + 0.33 * near) + 0.16 * (1 - near) + 0.12 * rough, 0, 1)
    path = np.exp(-(((x - SUN[0] + 0.05 * near) / (0.07 + 0.15 * near)) ** 2)) * smoothstep(0.05, 0.5, face)
    colors = mix(ramp(WATER, tone), ramp(GLITTER, np.clip(face + 0.25 * rough, 0, 1)), 0.85 * path)
    scene.lay(y > HORIZON, colors, contour_angle(phase))
    return np.asarray(face * near, dtype=np.float32)


def add_boat(scene: Scene) -> None:
    x, y = scene.canvas.grid()
    upright = np.full(x.shape, 1.45, dtype=np.float32)
    for points in (
        [(0.362, 0.325), (0.352, 0.497), (0.296, 0.49), (0.325, 0.42)],
        [(0.368, 0.335), (0.426, 0.478), (0.362, 0.497)],
    ):
        scene.lay(outline(scene.canvas, points), ramp(SAIL, np.clip((y - 0.33) / 0.16 + 4 * (x - 0.38), 0, 1)), upright)
    hull = [(0.275, 0.5), (0.437, 0.492), (0.415, 0.53), (0.31, 0.535)]
    scene.lay(outline(scene.canvas, hull), ramp(ROCK, np.clip((0.53 - y) / 0.05, 0, 0.9)), 0 * upright)


def add_rocks(scene: Scene, rng: np.random.Generator) -> None:
    """Add a dark corner in the foreground, for contrast."""
    x, y = scene.canvas.grid()
    rough = fractal(rng, scene.canvas.shape, 0.1 * scene.canvas.unit, 4)
    crest = 0.6 + 0.24 * smoothstep(0.02, 0.5, x) + 0.035 * rough
    depth = (y - crest) / 0.14
    colors = ramp(ROCK, np.clip(0.7 - 0.5 * depth + 0.35 * rough, 0, 1))
    scene.lay(depth > 0, colors, contour_angle(depth + 1.5 * rough + 2 * x))


def paint_swirls(size: tuple[int, int]) -> Image.Image:
    rng = np.random.default_rng(SEED)
    canvas = Canvas(size)
    scene = Scene(canvas)
    add_sky(scene, rng)
    add_headland(scene, rng)
    foam = add_sea(scene, rng)
    add_boat(scene)
    add_rocks(scene, rng)
    layer = PaintLayer(Image.fromarray(to_rgb(scene.colors)))
    layer.paint(rng, scene, scatter(rng, canvas.shape, 0.032 * canvas.unit), Brush(0.05, 0.26, 16, 0.025, 0.012))
    layer.paint(rng, scene, scatter(rng, canvas.shape, 0.0155 * canvas.unit), Brush(0.022, 0.15, 9, 0.035, 0.016))
    layer.paint(rng, scene, scatter(rng, canvas.shape, 0.019 * canvas.unit), Brush(0.013, 0.1, 6, 0.045, 0.02))
    scene.colors[..., 0] += 0.1
    tips = scatter(rng, canvas.shape, 0.02 * canvas.unit)
    layer.paint(rng, scene, tips[at(foam, tips).astype(float) > 0.6], Brush(0.01, 0.06, 4, 0.03, 0.015))
    return canvas.finish(layer.illuminate(1.6))
