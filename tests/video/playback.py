"""Helpers: write a video from images, and read back what a player shows."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch.nn.functional as F
from PIL import Image, ImageSequence
from torch import Tensor

from barestyle.video import FORMATS, FRAME_MS, HOLD_MS, VideoWriter
from tests.conftest import drawing, planes

needs_av = pytest.mark.skipif(find_spec("av") is None, reason="the package av is not installed")
EXTENSIONS = [pytest.param(extension, marks=[needs_av] if extension == ".mp4" else []) for extension in FORMATS]

HOLD_FRAMES = HOLD_MS // FRAME_MS
"""Number of frame durations for which the last frame is shown."""

TOLERANCE = 0.013
"""The `difference` that a format may cause, slightly less than moving a drawing by one pixel does (0.015)."""


def drawings(count: int, height: int, width: int) -> list[Tensor]:
    """Return drawings that have nothing in common."""
    return [planes(drawing(width, height, seed)) for seed in range(count)]


def record(path: Path, images: list[Tensor]) -> VideoWriter:
    """Write images as a video."""
    with VideoWriter(path, *images[0].shape[-2:], force=False) as video:
        for image in images:
            video.add(image)
    assert video.frames == len(images)
    return video


def play(path: Path) -> list[Tensor]:
    """Return what is shown during each twenty-fifth of a second, each (1, 3, H, W) in 0..1."""
    if path.suffix.lower() == ".mp4":
        import av

        with av.open(path) as container:
            frames = [
                frame.reformat(format="rgb24", src_colorspace="ITU709", src_color_range="MPEG", dst_color_range="JPEG")
                for frame in container.decode(video=0)
            ]
            return [planes(Image.fromarray(frame.to_ndarray())) for frame in frames]
    images = []
    with Image.open(path) as animation:
        for frame in ImageSequence.Iterator(animation):
            image = planes(frame)  # loads the frame; its duration is known only then
            count, rest = divmod(frame.info["duration"], FRAME_MS)
            assert rest == 0
            images += [image] * count
    return images


def difference(one: Tensor, other: Tensor, pool: int = 4) -> float:
    """Return the mean error after averaging blocks of `pool` x `pool` pixels, as the eye averages dithered dots."""
    return float((F.avg_pool2d(one, pool) - F.avg_pool2d(other, pool)).abs().mean())


def to_samples(image: Tensor) -> np.ndarray[Any, Any]:
    """Return (1, 3, H, W) in 0..1 as (H, W, 3) uint8."""
    levels: np.ndarray[Any, Any] = (image[0].permute(1, 2, 0) * 255).round().byte().numpy()
    return levels
