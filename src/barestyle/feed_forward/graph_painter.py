"""Painting small photographs by a graph of ONNX that does everything, without PyTorch.

Importing PyTorch takes longer than painting such a photograph. `picture_graph` builds the graph, which needs PyTorch,
and `graph_cache` keeps it.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any

import numpy as np

from barestyle.feed_forward.image_sizes import MEASURED_PIXELS, check_size
from barestyle.feed_forward.onnx_session import count_threads, start_session
from barestyle.images.samples import PixelArray

PHOTO_WEIGHT, STYLE_WEIGHTS = "photo_weight", "style_weights"
"""Metadata of the graph: the weight of the photograph, and those of the styles by name, as JSON."""


class GraphPainter:
    """Paints photographs in one style, or one mixture of styles, with ONNX Runtime.

    Args:
        graph: a model from `picture_graph.build_picture_model`, as bytes.
    """

    def __init__(self, graph: bytes) -> None:
        executor = ThreadPoolExecutor(1)  # so that a photograph can be decoded meanwhile
        self._started = executor.submit(start_session, graph, count_threads(), optimize=False)
        executor.shutdown(wait=False)

    @property
    def _session(self) -> Any:
        return self._started.result()

    @staticmethod
    def is_suited(height: int, width: int) -> bool:
        """Return whether images of this size are painted in one piece, with their own statistics."""
        return height * width <= MEASURED_PIXELS

    @cached_property
    def _metadata(self) -> dict[str, str]:
        return dict(self._session.get_modelmeta().custom_metadata_map)

    @property
    def photo_weight(self) -> float:
        """The weight of the photograph itself."""
        return float(json.loads(self._metadata[PHOTO_WEIGHT]))

    @property
    def style_weights(self) -> dict[str, float]:
        """The weights of the styles by name."""
        weights: dict[str, float] = json.loads(self._metadata[STYLE_WEIGHTS])
        return weights

    def paint(self, pixels: PixelArray, name: str = "the picture") -> PixelArray:
        """Return the painted image.

        Args:
            pixels: (H, W, 3), sRGB in 0..1, float32; `is_suited` is true of its size.
            name: of the image, for messages.

        Raises:
            ImageError: a side is shorter than 16 pixels.
        """
        height, width = pixels.shape[:2]
        check_size(height, width, name)
        planes = np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], dtype=np.float32)
        painted: Any = self._session.run(None, {"image": planes})[0]
        result: PixelArray = painted[0].transpose(1, 2, 0)
        return result
