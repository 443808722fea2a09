"""Painting with ONNX Runtime."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from barestyle.feed_forward.network import Statistics, StyleNetwork


class OnnxEngine:
    """Paints with a network and fixed weights of its styles; see `TorchEngine`, which has the same methods."""

    name = "onnx"

    def __init__(self, network: StyleNetwork, weights: Tensor) -> None:
        from barestyle.feed_forward import onnx_graph  # deferred, as importing onnx takes a while

        self._graphs = onnx_graph
        self._network = network
        self._weights = weights
        self._measuring: Any = None

    def paint(self, image: Tensor) -> tuple[Tensor, Statistics]:
        """Return an image painted with its own statistics, and these; it is (1, 3, H, W), sides multiples of 4."""
        if self._measuring is None:
            self._measuring = start_session(self._graphs.build_measuring_graph(self._network, self._weights))
        painted, *values = _run(self._measuring, image)
        return painted, list(zip(values[0::2], values[1::2], strict=True))

    def fix(self, statistics: Statistics) -> Callable[[Tensor], Tensor]:
        """Return a function that paints an image, or a part of one, with these statistics."""
        session = start_session(self._graphs.build_tile_graph(self._network, self._weights, statistics))

        def paint(image: Tensor) -> Tensor:
            return _run(session, image)[0]

        return paint


def start_session(graph: Any) -> Any:
    """Return a session of ONNX Runtime for a graph, with as many threads as PyTorch has."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])


def _run(session: Any, image: Tensor) -> list[Tensor]:
    return [torch.from_numpy(values) for values in session.run(None, {"image": image.contiguous().numpy()})]
