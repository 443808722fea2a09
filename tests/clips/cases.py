"""Frames, video files and folders for the tests of clips."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from barestyle.clips.warp import warp
from barestyle.images import resize

Color = tuple[float, float, float]


def draw_texture(height: int, width: int, seed: int = 0, cell: int = 3) -> Tensor:
    """Blurred colored noise, (1, 3, H, W) in 0..1: something for a flow to follow everywhere."""
    generator = torch.Generator().manual_seed(seed)
    small = torch.rand(1, 3, height // cell + 2, width // cell + 2, generator=generator)
    return resize(small, height, width)


def make_flow(height: int, width: int, *, shift: tuple[float, float] = (0.0, 0.0), angle: float = 0.0) -> Tensor:
    """The flow of a shift (x, y) in pixels after a rotation about the center by an angle in radians, (1, 2, H, W)."""
    y, x = torch.meshgrid(torch.arange(height) - (height - 1) / 2, torch.arange(width) - (width - 1) / 2, indexing="ij")
    cosine, sine = float(np.cos(angle)), float(np.sin(angle))
    return torch.stack((cosine * x - sine * y - x + shift[0], sine * x + cosine * y - y + shift[1]))[None]


def pan(count: int, height: int, width: int, step: float = 2.0) -> list[Tensor]:
    """Frames of a camera that moves to the right over a texture."""
    wide = draw_texture(height, width + int(count * step) + 2, seed=4, cell=9)
    return [
        warp(wide, make_flow(*wide.shape[-2:], shift=(number * step, 0.0)))[..., :width].clamp(0, 1)
        for number in range(count)
    ]


def to_samples(frame: Tensor) -> np.ndarray[Any, Any]:
    return (frame[0].permute(1, 2, 0) * 255).round().byte().numpy()


def write_clip(
    path: Path,
    frames: Sequence[Tensor],
    *,
    times: Sequence[int] | None = None,
    time_base: Fraction = Fraction(1, 25),
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    options: dict[str, str] | None = None,
    sound: str | None = None,
    rotation: int = 0,
    start: float = 0.0,
) -> Path:
    """Write frames with PyAV alone, as other programs do; `sound` is the codec of a second of a tone.

    All times are later by `start` seconds, as those of camcorders, whose clock runs on.
    """
    import av

    # The index of an MP4 file at its front, as in files for the web.
    container_options = {"movflags": "+faststart"} if path.suffix == ".mp4" else {}
    container_options |= {"output_ts_offset": str(start)} if start else {}
    with av.open(str(path), "w", options=container_options) as container:
        stream: Any = container.add_stream(codec, rate=25, options=options or {"crf": "8"})
        stream.height, stream.width = frames[0].shape[-2:]
        stream.pix_fmt = pixel_format
        stream.codec_context.time_base = stream.time_base = time_base
        if rotation:
            stream.set_display_rotation(rotation)
        tone: Any = None if sound is None else container.add_stream(sound, rate=8000, layout="mono")
        for number, frame in enumerate(frames):
            image = av.VideoFrame.from_ndarray(to_samples(frame), format="rgb24")
            image.pts, image.time_base = number if times is None else times[number], time_base
            container.mux(stream.encode(image))
        container.mux(stream.encode(None))
        if tone is not None:
            for number in range(8):
                wave = np.sin(np.arange(1000 * number, 1000 * (number + 1)) * 0.3)
                part = av.AudioFrame.from_ndarray((wave * 9000).astype(np.int16)[None], format="s16", layout="mono")
                part.sample_rate, part.pts = 8000, 1000 * number
                container.mux(tone.encode(part))
            container.mux(tone.encode(None))
    return path


def read_packets(path: Path, kind: str) -> list[tuple[float, bytes]]:
    """Time and bytes of every packet of the first stream of a kind, video or audio."""
    import av

    with av.open(str(path)) as container:
        stream = next(stream for stream in container.streams if stream.type == kind)
        packets = [packet for packet in container.demux(stream) if packet.size]
        return [(float((packet.pts or 0) * packet.time_base), bytes(packet)) for packet in packets]


def read_times(path: Path) -> list[float]:
    """When each frame is shown, in seconds."""
    return sorted(time for time, _ in read_packets(path, "video"))
