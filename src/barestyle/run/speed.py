"""The speed of this machine: measured by a few evaluations, and cached for programs that start within an hour."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from statistics import median

import torch
from pydantic import ValidationError

from barestyle.atomic_files import write_atomically
from barestyle.errors import OutputError
from barestyle.hardware.kernels import use_repeatable_kernels
from barestyle.networks import Network, Size, build_network
from barestyle.networks.vgg19 import get_cache_folder
from barestyle.objective import build_objective, is_out_of_memory
from barestyle.run.operations import Operations, count_operations
from barestyle.run.precision import Precision, StagePrecision, cast_network
from barestyle.spec import NoContentLoss, NoSmoothness, Spec, WhitenedLoss
from barestyle.spec.validation import FrozenModel, Positive

CACHE_NAME = "speed.json"

MAX_AGE = 3600.0
"""Seconds for which other programs use a measurement: the machine may have been busy. A program keeps its own."""

MAX_SECONDS = 0.2
"""Seconds after which no further evaluation of the same image is timed."""

SMALL_SIDE, LARGE_SIDE = 32, 160
"""Pixels of the square images that are timed on a CPU. The smaller one takes hardly longer than one of one pixel."""

LARGE_SIDE_GPU = 1024
"""Pixels of the larger image on a GPU, on which an evaluation of a small one takes the time of its kernels' starts."""

REPETITIONS = 3
"""Evaluations that are timed at most, after one that builds kernels; their median counts."""

MIN_SECONDS = 1e-15
"""Least seconds of an operation; differences of two times can be negative."""


class Speed(FrozenModel):
    """Seconds that parts of an evaluation take on one device.

    Attributes:
        layer: seconds of a convolution with everything that belongs to it, for an image without pixels.
        float32: seconds of an operation of `count_operations` in float32.
        bf16: seconds of an operation in bfloat16.
    """

    layer: Positive
    float32: Positive
    bf16: Positive

    def time_evaluation(self, operations: Operations, precision: StagePrecision) -> float:
        """Return the seconds of an evaluation."""
        per_operation = self.bf16 if precision == "bf16" else self.float32
        return operations.layers * self.layer + operations.matrices * self.float32 + operations.pixels * per_operation


DEFAULT_SPEED = Speed(layer=1e-3, float32=5e-12, bf16=2.5e-12)
"""About the speed of two CPU cores with AVX-512 and bfloat16; used for the ratios between the stages of a run."""


class CacheEntry(FrozenModel):
    """A speed, and the time at which it was measured, in seconds since 1970."""

    measured: Positive
    speed: Speed


_speeds: dict[str, Speed] = {}


def get_speed(device: torch.device, precision: Precision) -> Speed:
    """Return the speed of a device: measured in this process, cached by another one, or else measured now.

    Measuring takes about half a second on two CPU cores. If there is not enough memory for it, DEFAULT_SPEED is
    returned.
    """
    speed = find_speed(device, precision)
    if speed is None:
        try:
            speed = measure_speed(device, precision)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            return DEFAULT_SPEED  # an estimate that is off is better than no run
        key = _describe(device, precision)
        _speeds[key] = speed
        _write_cache(get_cache_folder() / CACHE_NAME, key, speed)
    return speed


def find_speed(device: torch.device, precision: Precision) -> Speed | None:
    """Return the speed of a device if it was measured in this process, or in another one during the last hour."""
    key = _describe(device, precision)
    if key not in _speeds:
        entry = _read_cache(get_cache_folder() / CACHE_NAME).get(key)
        if entry is None:
            return None
        _speeds[key] = entry.speed
    return _speeds[key]


def measure_speed(device: torch.device, precision: Precision, clock: Callable[[], float] = time.perf_counter) -> Speed:
    """Time evaluations of the default network on two images of noise."""
    style_loss = WhitenedLoss(layers=(1, 2, 3, 4))
    spec = Spec(content_loss=NoContentLoss(), style_loss=style_loss, smoothness=NoSmoothness())
    network = build_network(spec.network, seed=0, deepest_layer=spec.deepest_layer).to(device)
    sides = SMALL_SIDE, LARGE_SIDE if device.type == "cpu" else LARGE_SIDE_GPU
    small, large = (count_operations(network, Size(side, side), spec.style_loss.layers) for side in sides)
    with torch.inference_mode(False), torch.enable_grad(), use_repeatable_kernels(device, allow_tf32=False):
        small_seconds, large_seconds = (_time_evaluation(spec, network, side, clock) for side in sides)
        bf16_seconds = None
        if precision != "float32":
            bf16_seconds = _time_evaluation(spec, cast_network(network, "bf16"), sides[1], clock)
    return solve_speed((small, small_seconds), (large, large_seconds), bf16_seconds)


def solve_speed(small: tuple[Operations, float], large: tuple[Operations, float], bf16_seconds: float | None) -> Speed:
    """Return the speed at which two evaluations in float32 take as long as measured.

    Args:
        small: work and seconds of the evaluation of a small image.
        large: work and seconds of that of a large image, with the same network.
        bf16_seconds: seconds of that of the large image in bfloat16, or None if bfloat16 is not used.
    """
    operations, seconds = large
    slope = (seconds - small[1]) / (operations.pixels - small[0].pixels)
    if slope <= 0:  # the device is so fast, or so busy, that the size does not matter
        slope = MIN_SECONDS
    rest = small[1] - slope * (small[0].pixels + small[0].matrices)
    layer = max(rest / small[0].layers, 1e-6 * small[1])
    bf16 = slope
    if bf16_seconds is not None:
        bf16 = (bf16_seconds - layer * operations.layers - slope * operations.matrices) / operations.pixels
    return Speed(layer=layer, float32=slope, bf16=max(bf16, slope / 100))


def _time_evaluation(spec: Spec, network: Network, side: int, clock: Callable[[], float]) -> float:
    """Return the seconds of an evaluation of a square image of noise."""
    generator = torch.Generator().manual_seed(0)
    images = [torch.rand(1, 3, side, side, generator=generator).to(network.device) for _ in range(2)]
    objective = build_objective(spec, network, images[0], images[1])
    return time_median(lambda: float(objective.evaluate(images[0]).loss), REPETITIONS, clock)


def time_median(work: Callable[[], object], repetitions: int, clock: Callable[[], float]) -> float:
    """Do some work once, then time it several times while that is quick, and return the median of the seconds."""
    work()
    seconds: list[float] = []
    while len(seconds) < repetitions and sum(seconds) < MAX_SECONDS:
        start = clock()
        work()
        seconds.append(clock() - start)
    return median(seconds)


def _describe(device: torch.device, precision: Precision) -> str:
    """Return what a speed depends on: the device, threads, PyTorch, and the precisions that were timed."""
    if device.type == "cuda":
        name = torch.cuda.get_device_name(device)
    else:
        name = f"{platform.node()}, {torch.backends.cpu.get_cpu_capability()}, {torch.get_num_threads()} threads"
    precisions = "float32" if precision == "float32" else "float32 and bf16"
    return f"{device.type}, {name}, torch {torch.__version__}, {precisions}"


def _read_cache(path: Path) -> dict[str, CacheEntry]:
    """Return the entries of a cache file that are valid and not too old; none if the file cannot be read."""
    entries = {}
    with suppress(OSError, ValueError, AttributeError):
        for key, data in json.loads(path.read_text(encoding="utf-8")).items():
            with suppress(ValidationError):
                entry = CacheEntry.model_validate(data)
                if 0 <= time.time() - entry.measured < MAX_AGE:
                    entries[key] = entry
    return entries


def _write_cache(path: Path, key: str, speed: Speed) -> None:
    """Add a speed to a cache file. A folder that cannot be written costs only another measurement next time."""
    entries = {**_read_cache(path), key: CacheEntry(measured=time.time(), speed=speed)}
    data = {name: entry.model_dump() for name, entry in entries.items()}
    with suppress(OSError, OutputError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(data, indent=1).encode())
