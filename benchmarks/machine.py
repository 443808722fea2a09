"""The machine, and its peak rates, with which evaluations are compared."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import median

import torch
import torch.nn.functional as F

from benchmarks.baseline import CHANNELS, POOL_AFTER
from benchmarks.worker import synchronize


def describe(device: torch.device) -> dict[str, str]:
    """Return processor, threads and versions."""
    return {
        "processor": _read_processor_name() if device.type == "cpu" else torch.cuda.get_device_name(device),
        "threads": str(torch.get_num_threads()),
        "vector instructions": torch.backends.cpu.get_cpu_capability(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
    }


def _read_processor_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]}, {len(names)} cores" if names else platform.machine()


def count_convolution_flop(size: int) -> float:
    """Return the operations of an evaluation's convolutions for a square image: forward, and backward to the image."""
    total, side = 0.0, size
    for number, (inputs, outputs) in enumerate(pairwise(CHANNELS), start=1):
        total += 2 * 9 * inputs * outputs * side * side
        side //= 2 if number in POOL_AFTER else 1
    return 2 * total


def count_product_flop(size: int) -> float:
    """Return the operations of its Gram products: one for the moments, one for their gradient."""
    total, side = 0.0, size
    for number, outputs in enumerate(CHANNELS[1:], start=1):
        total += 2 * outputs * outputs * side * side
        side //= 2 if number in POOL_AFTER else 1
    return 2 * total


def measure_convolution_peak(device: torch.device, dtype: torch.dtype, repetitions: int = 7) -> float:
    """Return operations per second of the fastest of the convolutions, channels_last, for inputs that fit caches."""
    best = 0.0
    for inputs, outputs, width in ((64, 64, 512), (64, 128, 256), (128, 128, 256), (128, 256, 128)):
        height = 2_000_000 // (outputs * width) if device.type == "cpu" else width
        image = torch.randn(1, inputs, height, width, device=device).to(dtype, memory_format=torch.channels_last)
        weight = torch.randn(outputs, inputs, 3, 3, device=device).to(dtype, memory_format=torch.channels_last)
        with torch.inference_mode():
            seconds = _time(lambda x=image, w=weight: F.conv2d(x, w, padding=1), device, repetitions)  # type: ignore[misc]
        best = max(best, 2 * 9 * inputs * outputs * height * width / seconds)
    return best


def measure_product_peak(device: torch.device, dtype: torch.dtype, repetitions: int = 7) -> float:
    """Return operations per second of a large square matrix product."""
    side = 2048
    a, b = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    with torch.inference_mode():
        return 2.0 * side**3 / _time(lambda: torch.mm(a, b), device, repetitions)


def measure_copy_rate(device: torch.device, repetitions: int = 7) -> tuple[float, float]:
    """Return bytes per second, read plus written, of a copy into reused memory and into new memory."""
    source = torch.rand(1 << 26, device=device)
    target = torch.empty_like(source)
    moved = 2 * source.numel() * source.element_size()
    reused = moved / _time(lambda: target.copy_(source), device, repetitions)
    return reused, moved / _time(source.clone, device, repetitions)


def _time(work: Callable[[], object], device: torch.device, repetitions: int) -> float:
    work()
    synchronize(device)
    seconds = []
    for _ in range(repetitions):
        start = time.perf_counter()
        work()
        synchronize(device)
        seconds.append(time.perf_counter() - start)
    return median(seconds)
