"""Animated GIF files, encoded by Pillow."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from math import isqrt
from pathlib import Path

import numpy as np
from PIL import Image

from barestyle.images import PixelArray
from barestyle.video.frames import FRAME_MS, HOLD_MS

PALETTE_SAMPLES = 10_000
"""Pixels from which a frame's palette is computed; four times as many make no measurable difference."""


class GifWriter:
    """Reduces each frame to its own palette of 256 colors with error diffusion, and repeats the animation forever.

    Pillow writes an animation in one call. Until then the frames are held in memory as palette images, one byte per
    pixel: some 115 MB for 500 frames of 480 x 480.
    """

    def __init__(self, path: Path, height: int, width: int) -> None:
        self._path = path
        self._frames: deque[Image.Image] = deque()

    def add(self, samples: PixelArray) -> None:
        """Quantize a frame, (H, W, 3) uint8, and keep it."""
        step = max(1, isqrt(samples.shape[0] * samples.shape[1] // PALETTE_SAMPLES))
        sampled = np.ascontiguousarray(samples[::step, ::step])
        # k-means stops when at most one sample in a hundred changes its color.
        palette = Image.fromarray(sampled).quantize(256, Image.Quantize.MEDIANCUT, kmeans=max(1, sampled.size // 300))
        self._frames.append(Image.fromarray(samples).quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG))

    def finish(self) -> None:
        """Write the file; frames that equal their predecessor extend its duration."""
        durations = [FRAME_MS] * (len(self._frames) - 1) + [HOLD_MS]
        first = self._frames.popleft()
        first.save(
            self._path, "GIF", save_all=True, append_images=self._release(), duration=durations, loop=0, disposal=1
        )

    def _release(self) -> Iterator[Image.Image]:
        """Yield the remaining frames and forget each, as Pillow makes a copy."""
        while self._frames:
            yield self._frames.popleft()

    def close(self) -> None:
        """Release the frames."""
        self._frames.clear()
