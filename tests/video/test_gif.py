"""GIF files: repetition, colors, and what is held in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from barestyle.video.gif import GifWriter
from tests.conftest import planes
from tests.video.playback import difference, drawings, play, record, to_samples


def test_the_animation_repeats_forever(tmp_path: Path) -> None:
    with Image.open(record(tmp_path / "a.gif", drawings(2, 24, 32)).path) as image:
        assert image.info["loop"] == 0


def test_errors_are_diffused_instead_of_leaving_bands(tmp_path: Path) -> None:
    """Averaged over a few pixels, an image with far more than 256 colors is right."""
    y, x = torch.meshgrid(torch.linspace(0, 1, 288), torch.linspace(0, 1, 384), indexing="ij")
    image = torch.stack([x, y, (x + 1 - y) / 2])[None]
    frame = play(record(tmp_path / "a.gif", [image]).path)[0]
    banded = planes(Image.fromarray(to_samples(image)).quantize(256).convert("RGB"))
    assert difference(banded, image) > 0.01
    assert difference(frame, image) < 0.004
    colors = {tuple(color) for color in to_samples(frame).reshape(-1, 3).tolist()}
    assert 200 < len(colors) <= 256


def test_every_frame_has_its_own_palette(tmp_path: Path) -> None:
    """A dark and a light frame with no color in common each use most of 256 colors; a shared palette gives half."""
    noise = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 0.4
    frames = play(record(tmp_path / "a.gif", [noise, noise + 0.6]).path)
    for frame in (frames[0], frames[-1]):
        assert 200 < len({tuple(color) for color in to_samples(frame).reshape(-1, 3).tolist()}) <= 256


def test_frames_are_held_with_one_byte_per_pixel(tmp_path: Path) -> None:
    writer = GifWriter(tmp_path / "a.gif", 24, 32)
    for image in drawings(3, 24, 32):
        writer.add(to_samples(image))
    assert [np.asarray(frame).nbytes for frame in writer._frames] == [24 * 32] * 3
    writer.finish()
    assert not writer._frames
