"""Whole pictures: seconds of the command, and how many evaluations of the tutorial take as long on the same machine."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import torch
from PIL import Image

from barestyle.hardware.devices import has_fast_bf16
from benchmarks.images import load_pair
from benchmarks.tables import Table
from benchmarks.timing import WorkerProcess

PRESETS = ("bare-fast", "bare", "bare-fine")
REPETITIONS = 3


def measure_pictures(device: torch.device, size: int = 512, presets: tuple[str, ...] = PRESETS) -> Table:
    """Time `barestyle transfer` on square images, from start to file, in turn with the tutorial's evaluation."""
    table = Table(
        f"Pictures of {size} x {size}: the whole command",
        ("preset", "precision", "seconds", "minimum", "maximum", "evaluations of the tutorial"),
    )
    table.note = "The last column compares machines: seconds, divided by those of one evaluation of the tutorial."
    tutorial = WorkerProcess({"what": "baseline", "size": size, "device": str(device)})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for image, file in zip(load_pair(size, torch.device("cpu")), ("content.png", "style.png"), strict=True):
            Image.fromarray((image[0].permute(1, 2, 0) * 255).round().byte().numpy()).save(folder / file)
        for preset in presets:
            for precision in ("float32", "mixed") if has_fast_bf16(device) else ("float32",):
                seconds, ratios = [], []
                for _ in range(REPETITIONS):
                    unit = tutorial.time_once()
                    seconds.append(_time_command(folder, preset, precision, size, device))
                    ratios.append(seconds[-1] / unit)
                numbers = (median(seconds), min(seconds), max(seconds), median(ratios))
                table.add(preset, precision, *(f"{number:.1f}" for number in numbers))
    tutorial.stop()
    return table


def _time_command(folder: Path, preset: str, precision: str, size: int, device: torch.device) -> float:
    """Return the seconds of the command with the images of the folder."""
    options = {"--preset": preset, "--precision": precision, "--size": str(size), "--device": str(device)}
    files = [str(folder / "content.png"), str(folder / "style.png"), "-o", str(folder / "out.png")]
    words = [word for option in options.items() for word in option]
    start = time.perf_counter()
    command = [sys.executable, "-m", "barestyle", "transfer", *files, *words, "--force", "--quiet"]
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start
