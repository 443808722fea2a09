"""Painting pictures of any size in a trained style, within limited memory.

An image's statistics are those of a copy of at most 512 x 512 pixels in area, or its own if it is smaller; then
painting is local, and tiles of every size give the same picture to rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

from barestyle.errors import DeviceError
from barestyle.feed_forward.finishing import finish, measure_curves
from barestyle.feed_forward.image_sizes import MEASURED_PIXELS, check_size
from barestyle.feed_forward.layers import NormStatistics, Origin, Statistics
from barestyle.feed_forward.network import StyleNetwork, pad_to_stride
from barestyle.feed_forward.statistics import shrink_to_measure
from barestyle.feed_forward.tiles import TILE_PIXELS, choose_tile_size, cut_tiles, estimate_pixel_bytes
from barestyle.feed_forward.torch_engine import TorchEngine
from barestyle.feed_forward.trained_style import TrainedStyle
from barestyle.hardware.engines import EngineName, InstalledEngine, choose_engine
from barestyle.hardware.memory import compute_memory_budget, measure_used_memory, trim_heap
from barestyle.images import Picture, target_size

CPU = torch.device("cpu")


class Engine(Protocol):
    """Computes the network's output with fixed weights of its styles, for images whose sides are multiples of 8."""

    name: str

    memory_factor: float
    """Memory that it takes, relative to `estimate_pixel_bytes`."""

    def paint(self, image: Tensor) -> Tensor:
        """Return the output for an image (1, 3, H, W) with its own statistics."""
        ...

    def paint_and_finish(self, image: Tensor) -> Tensor:
        """Return the finished picture of an image (1, 3, H, W) of any size with its own statistics."""
        ...

    def measure(self, image: Tensor) -> tuple[NormStatistics, Tensor]:
        """Return the statistics by which `paint` normalizes an image, and its output."""
        ...

    def fix(self, norms: NormStatistics) -> Callable[[Tensor, Origin], Tensor]:
        """Return a function that computes the output for an image, or the part of one at an origin, with these."""
        ...


class StylePainter:
    """Paints images in a trained style.

    Args:
        style: the network and the names of its styles.
        weights: of the photograph and of each style, (1, styles + 1), from `TrainedStyle.mix`; by default the first
            style.
        engine: torch, onnx (ONNX Runtime), or auto: ONNX Runtime if it is installed.
        memory: bytes that the process may use; None for most of what is free.
        tile_pixels: most pixels of a tile, halo included.

    Raises:
        DeviceError: ONNX Runtime is asked for and not installed.
    """

    def __init__(
        self,
        style: TrainedStyle,
        weights: Tensor | None = None,
        *,
        engine: EngineName = "auto",
        memory: int | None = None,
        tile_pixels: int = TILE_PIXELS,
    ) -> None:
        self.style = style
        self.weights = style.mix() if weights is None else weights
        self.engine_name = choose_engine(engine)
        self._memory = memory
        self._tile_pixels = tile_pixels
        self._fixed: tuple[NormStatistics, Callable[[Tensor, Origin], Tensor]] | None = None

    @cached_property
    def _engine(self) -> Engine:
        return start_engine(self.engine_name, self.style.network, self.weights)

    def measure(self, image: Tensor) -> Statistics:
        """Return the statistics with which `paint` paints an image (1, 3, H, W) in 0..1. Raises ImageError."""
        check_size(*image.shape[-2:])
        small = pad_to_stride(shrink_to_measure(image))
        norms, painted = self._engine.measure(small)
        return Statistics(norms, measure_curves(painted, small, self.weights, self.style.network.palette))

    def paint_picture(self, picture: Picture, long_side: int | None = None) -> Picture:
        """Return a painted picture, with the photograph's transparency and bits.

        `long_side` is that of the result in pixels, by default the photograph's. Raises what `paint` raises.
        """
        if long_side is not None:
            picture = picture.resize_samples(*target_size(picture.height, picture.width, long_side))
        check_size(picture.height, picture.width, picture.name)
        return replace(picture, pixels=self.paint(picture.pixels))

    def paint(self, image: Tensor, statistics: Statistics | None = None) -> Tensor:
        """Return the painted image.

        Args:
            image: (1, 3, H, W), sRGB in 0..1, float32 on the CPU.
            statistics: from `measure` or `blend_statistics`, for frames that should not flicker; by default the
                image's own.

        Raises:
            ImageError: a side is shorter than 16 pixels.
            DeviceError: the memory is not enough.
        """
        return self._paint(image, statistics, is_finished=True)

    def compute_output(self, image: Tensor) -> Tensor:
        """Return the network's output, which `finish` makes a picture for any weight of the photograph.

        Takes and raises what `paint` does, for an image with its own statistics.
        """
        return self._paint(image, None, is_finished=False)

    def _paint(self, image: Tensor, statistics: Statistics | None, *, is_finished: bool) -> Tensor:
        check_size(*image.shape[-2:])
        height, width = image.shape[-2:]
        engine = self._engine  # loaded before memory is measured
        room = self._measure_room(image)
        is_single = height * width <= min(MEASURED_PIXELS, room, self._tile_pixels)
        if statistics is None and is_single:
            if is_finished:
                return engine.paint_and_finish(image)
            return engine.paint(pad_to_stride(image))[..., :height, :width].contiguous()
        statistics = self.measure(image) if statistics is None else statistics
        halo = self.style.network.shape.halo
        size = choose_tile_size(height, width, halo, min(room, self._tile_pixels))
        paint_tile = self._fix(statistics.norms)
        result = torch.empty_like(image, memory_format=torch.contiguous_format)
        for tile in cut_tiles(height, width, size, halo):
            part = tile.crop(image)
            painted = paint_tile(part, tile.origin)
            tile.paste(finish(painted, part, self.weights, statistics.curves) if is_finished else painted, result)
            trim_heap()  # what is freed between the tiles would take more and more
        return result

    def _fix(self, norms: NormStatistics) -> Callable[[Tensor, Origin], Tensor]:
        """Return the function that paints with these statistics; that of the last ones is kept, for frames."""
        if self._fixed is None or self._fixed[0] is not norms:
            self._fixed = norms, self._engine.fix(norms)
        return self._fixed[1]

    def _measure_room(self, image: Tensor) -> int:
        """Return how many pixels can be computed at the same time. Raises DeviceError if it is too few to measure."""
        budget = compute_memory_budget(CPU, self._memory)
        room = budget - measure_used_memory(CPU) - image.nbytes
        pixels = int(room / self._pixel_bytes)
        if pixels < min(image.shape[-2] * image.shape[-1], MEASURED_PIXELS):
            raise self._memory_error(image)
        return pixels

    @property
    def _pixel_bytes(self) -> float:
        return self._engine.memory_factor * estimate_pixel_bytes(self.style.network.shape)

    def _memory_error(self, image: Tensor) -> DeviceError:
        height, width = image.shape[-2:]
        pixels = min(height * width, MEASURED_PIXELS)
        needed = measure_used_memory(CPU) + image.nbytes + int(pixels * self._pixel_bytes)
        return DeviceError(
            f"the memory is not enough to paint {width} x {height} pixels, which needs at least "
            f"{-(-needed // 2**20)} MiB; allow more with --memory, or choose a smaller --size"
        )


def start_engine(name: InstalledEngine, network: StyleNetwork, weights: Tensor) -> Engine:
    """Return an engine for a network and weights of its styles (1, styles + 1)."""
    if name == "torch":
        return TorchEngine(network, weights)
    from barestyle.feed_forward.onnx_engine import OnnxEngine  # deferred: it is an extra

    return OnnxEngine(network, weights)
