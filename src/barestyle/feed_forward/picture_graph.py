"""The graph of ONNX by which `GraphPainter` paints; it is built with PyTorch."""

from __future__ import annotations

import json

from onnx import helper
from torch import Tensor

from barestyle.feed_forward.graph_painter import PHOTO_WEIGHT, STYLE_WEIGHTS
from barestyle.feed_forward.onnx_graph import build_picture_graph
from barestyle.feed_forward.painting_record import round_weights
from barestyle.feed_forward.trained_style import TrainedStyle


def build_picture_model(style: TrainedStyle, weights: Tensor) -> bytes:
    """Return the model for a style and weights (1, styles + 1) from `TrainedStyle.mix`, as bytes."""
    model = build_picture_graph(style.network, weights)
    photo_weight, style_weights = round_weights(style.names, weights[0].tolist())
    helper.set_model_props(model, {PHOTO_WEIGHT: json.dumps(photo_weight), STYLE_WEIGHTS: json.dumps(style_weights)})
    data: bytes = model.SerializeToString()
    return data
