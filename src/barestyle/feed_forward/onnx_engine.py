"""Painting with ONNX Runtime."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from barestyle.feed_forward.layers import NormStatistics, Origin
from barestyle.feed_forward.network import StyleNetwork
from barestyle.feed_forward.onnx_session import start_session
from barestyle.feed_forward.torch_engine import TorchEngine


class OnnxEngine:
    """Paints with a network and fixed weights of its styles; see `TorchEngine`, which has the same methods."""

    name = "onnx"
    memory_factor = 1.75  # its arena grows in powers of two

    def __init__(self, network: StyleNetwork, weights: Tensor) -> None:
        from barestyle.feed_forward import onnx_graph  # deferred, as importing onnx takes a while

        self._graphs = onnx_graph
        self._network = network
        self._weights = weights

    @cached_property
    def _whole(self) -> Any:
        return _start(self._graphs.build_image_graph(self._network, self._weights))

    def paint(self, image: Tensor) -> Tensor:
        """Return the network's output with an image's own statistics; it is (1, 3, H, W), sides multiples of 8."""
        return _run(self._whole, image)

    @cached_property
    def _finished(self) -> Any:
        # Not optimized, like that of `GraphPainter`, whose pictures are the same to the last bit.
        return _start(self._graphs.build_picture_graph(self._network, self._weights), optimize=False)

    def paint_and_finish(self, image: Tensor) -> Tensor:
        """Return the finished picture of an image (1, 3, H, W) of any size with its own statistics."""
        return _run(self._finished, image)

    def measure(self, image: Tensor) -> tuple[NormStatistics, Tensor]:
        """Return the statistics by which `paint` normalizes an image, and its output. PyTorch takes less memory."""
        return TorchEngine(self._network, self._weights).measure(image)

    def fix(self, norms: NormStatistics) -> Callable[[Tensor, Origin], Tensor]:
        """Return a function that computes the output for an image, or the part of one at an origin, with these."""
        session = _start(self._graphs.build_tile_graph(self._network, self._weights, norms))

        def paint(image: Tensor, origin: Origin) -> Tensor:
            return _run(session, image, origin=np.array(origin, np.int64))

        return paint


def _start(graph: Any, *, optimize: bool = True) -> Any:
    return start_session(graph.SerializeToString(), torch.get_num_threads(), optimize=optimize)


def _run(session: Any, image: Tensor, **inputs: Any) -> Tensor:
    return torch.from_numpy(session.run(None, {"image": image.contiguous().numpy(), **inputs})[0])
