"""Painting keeps to its memory, measured in a child process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from barestyle.feed_forward import NetworkShape
from tests.feed_forward.cases import make_style

LIMITS = {"torch": 180, "onnx": 225}
"""MiB above what the libraries take; without a limit the image is painted at once, and takes more."""

PROGRAM = """
import sys
import torch
torch.set_num_threads(1)
from barestyle.feed_forward import StylePainter, load_style
from barestyle.hardware.memory import measure_used_memory
file, engine, limit = sys.argv[1:]
image = torch.rand(1, 3, 1100, 1600)
style = load_style(file)
StylePainter(style, engine=engine).paint(image[..., :64, :64])
used = measure_used_memory(torch.device("cpu"))
memory = used + int(limit) * 2**20 if int(limit) else None
StylePainter(style, engine=engine, memory=memory, tile_pixels=10**7).paint(image)
status = open("/proc/self/status").read()
print(int(status.split("VmHWM:")[1].split()[0]) / 1024 - used / 2**20)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the peak of a child is read as Linux counts it")
@pytest.mark.parametrize("engine", ["torch", pytest.param("onnx", marks=pytest.mark.slow)])
def test_painting_keeps_to_its_memory(engine: str, tmp_path: Path) -> None:
    make_style(NetworkShape((8, 32, 64, 72), (0, 1, 0))).save(tmp_path / "sunset.style")
    peaks, limit = [], LIMITS[engine]
    for memory in (0, limit):
        command = [sys.executable, "-c", PROGRAM, str(tmp_path / "sunset.style"), engine, str(memory)]
        peaks.append(float(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
    unlimited, limited = peaks
    assert limited < limit < unlimited - 50, peaks
