"""`python -m benchmarks.video`: how steady videos by search are, compared with frames painted one by one.

--preset NAME   preset of both (bare-fast)
--size N        width of the clip in pixels (320); its height is 9/16 of that
--frames N      number of frames (12)
--photo NAME    installed photograph that the camera moves over (coffee)
--style NAME    installed style (swirls)
--trained FILE  paint the video with a trained style instead of by search
--against FILE  trained style of the independent frames (that of --trained)
--sheet FILE    write frames, results and independent results below each other as a PNG file
--clip FILE     write all frames, results and independent results side by side as an animation, a WebP file

The clip is made of photographs: a pan, a slow zoom, and an object that moves over them. The warping error is the mean
squared difference of a result and the one before it, moved along the flow of the clip, where that is valid. The style
distances are metrics that no method optimizes, averaged over the last third of the frames.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from rich.console import Console
from torch import Tensor

from barestyle import samples
from barestyle.clips.frame_painter import FramePainter
from barestyle.clips.search_painter import SearchPainter
from barestyle.clips.steadiness import measure_warping_error
from barestyle.clips.trained_painter import TrainedFramePainter
from barestyle.feed_forward import StylePainter, load_style
from barestyle.hardware.devices import select_device
from barestyle.metrics import METRICS
from barestyle.metrics.metric import MetricInputs
from barestyle.presets import preset
from barestyle.run.plan import Plan, prepare
from barestyle.run.request import Request
from benchmarks import machine
from benchmarks.__main__ import WIDTH, print_table
from benchmarks.clip import make_clip
from benchmarks.tables import Table

DISTANCES = ("held-out", "patches", "colors", "ssim")
SHEET_COLUMNS = 4
FRAME_MILLISECONDS = 100


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.video", description="Measure how steady videos are.")
    parser.add_argument("--preset", default="bare-fast")
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--frames", type=int, default=12)
    parser.add_argument("--photo", default="coffee", choices=samples.PHOTOS)
    parser.add_argument("--style", default="swirls", choices=samples.STYLES)
    parser.add_argument("--trained", type=Path)
    parser.add_argument("--against", type=Path)
    parser.add_argument("--sheet", type=Path)
    parser.add_argument("--clip", type=Path)
    arguments = parser.parse_args()
    frames = make_clip(arguments.frames, arguments.size * 9 // 16, arguments.size, arguments.photo)
    spec = preset(arguments.preset).spec.model_copy(update={"size": arguments.size})
    plan = prepare(Request(frames[0], samples.style(arguments.style), spec))
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    facts = machine.describe(select_device("auto"))
    console.print(", ".join(f"{name}: {value}" for name, value in facts.items()))
    if arguments.trained is None:
        painters: list[FramePainter] = [SearchPainter(plan)] * 2
    else:
        files = (arguments.trained, arguments.against or arguments.trained)
        painters = [TrainedFramePainter(StylePainter(load_style(file))) for file in files]
    video, independent, table = measure(plan, frames, *painters)
    print_table(console, table)
    if arguments.sheet is not None:
        write_sheet(arguments.sheet, [frames, video, independent])
    if arguments.clip is not None:
        write_clip(arguments.clip, [frames, video, independent])


def measure(
    plan: Plan, frames: Sequence[Tensor], painter: FramePainter, independent_painter: FramePainter
) -> tuple[list[Tensor], list[Tensor], Table]:
    """Paint a clip as a video and frame by frame; return both, and a table that compares them."""
    video, video_seconds = _paint(painter, frames, is_video=True)
    independent, independent_seconds = _paint(independent_painter, frames, is_video=False)
    errors = [measure_warping_error(frames, images) for images in (video, independent)]
    height, width = plan.size
    ratio = errors[0] / max(errors[1], 1e-12)
    table = Table(
        f"{len(frames)} frames of {width} x {height}: the video's warping error is {ratio:.3f} of independent frames'",
        ("frames", "warping error", *DISTANCES, "a minute"),
    )
    last = max(len(frames) // 3, 1)
    for name, images, error, seconds in (
        ("video", video, errors[0], video_seconds),
        ("independent", independent, errors[1], independent_seconds),
    ):
        distances = [round(_average(metric, plan, frames[-last:], images[-last:]), 4) for metric in DISTANCES]
        table.add(name, round(error, 6), *distances, round(60 / seconds, 1))
    return video, independent, table


def _paint(painter: FramePainter, frames: Sequence[Tensor], *, is_video: bool) -> tuple[list[Tensor], float]:
    """Return the painted frames, and the seconds for each after the first."""
    images = [painter.paint(frames[0], is_first_of_shot=True)]
    start = time.perf_counter()
    images += [painter.paint(frame, is_first_of_shot=not is_video) for frame in frames[1:]]
    return images, (time.perf_counter() - start) / (len(frames) - 1)


def _average(metric: str, plan: Plan, frames: Sequence[Tensor], images: Sequence[Tensor]) -> float:
    inputs = [MetricInputs(image, frame, plan.style.pixels) for frame, image in zip(frames, images, strict=True)]
    return sum(METRICS[metric].compute(each) for each in inputs) / len(inputs)


def write_sheet(path: Path, rows: Sequence[Sequence[Tensor]]) -> None:
    """Write some frames of each row below each other, spread evenly over the clip."""
    count = len(rows[0])
    chosen = np.linspace(0, count - 1, min(SHEET_COLUMNS, count)).round().astype(int)
    _to_image(torch.cat([torch.cat([row[number] for number in chosen], dim=3) for row in rows], dim=2)).save(path)


def write_clip(path: Path, columns: Sequence[Sequence[Tensor]]) -> None:
    """Write an animation that shows columns side by side, forward and backward again, so that it has no jump."""
    images = [_to_image(torch.cat(frames, dim=3)) for frames in zip(*columns, strict=True)]
    images += images[-2:0:-1]
    images[0].save(
        path, save_all=True, append_images=images[1:], duration=FRAME_MILLISECONDS, loop=0, quality=60, method=6
    )


def _to_image(pixels: Tensor) -> Image.Image:
    return Image.fromarray((pixels[0].permute(1, 2, 0) * 255).round().byte().numpy())


if __name__ == "__main__":
    main()
