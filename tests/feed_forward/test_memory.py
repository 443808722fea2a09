"""Painting keeps to its memory, measured in a child process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from barestyle.feed_forward import NetworkShape
from tests.feed_forward.cases import make_style

MIB = 2**20

LIMITS = {"torch": 480, "onnx": 660}
"""MiB, of which the libraries take half; without a limit a tile takes 400."""

PROGRAM = """
import sys
import torch
torch.set_num_threads(1)
from barestyle.feed_forward import StylePainter, load_style
from barestyle.hardware.memory import parse_memory
file, engine, memory = sys.argv[1:]
image = torch.rand(1, 3, 1100, 1000)
StylePainter(load_style(file), engine=engine, memory=parse_memory(memory)).paint(image)
status = open("/proc/self/status").read()
print(int(status.split("VmHWM:")[1].split()[0]) * 1024)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the peak of a child is read as Linux counts it")
@pytest.mark.parametrize("engine", ["torch", pytest.param("onnx", marks=pytest.mark.slow)])
def test_painting_keeps_to_its_memory(engine: str, tmp_path: Path) -> None:
    make_style(NetworkShape((16, 32, 64), 0, 1)).save(tmp_path / "sunset.style")
    peaks, limit = [], LIMITS[engine]
    for memory in ("auto", f"{limit}MiB"):
        command = [sys.executable, "-c", PROGRAM, str(tmp_path / "sunset.style"), engine, memory]
        peaks.append(int(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
    unlimited, limited = peaks
    assert limited < limit * MIB < unlimited - 30 * MIB, [peak / MIB for peak in peaks]
