"""The ONNX file of a trained style, for other programs."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from barestyle.atomic_files import write_atomically
from barestyle.errors import StyleFileError
from barestyle.feed_forward.trained_style import TrainedStyle
from barestyle.hardware.engines import is_installed

TOLERANCE = 1e-4
"""Largest difference between the file's pixels and those of PyTorch, in 0..1."""

CHECKED_SIZE = (61, 46)
"""Height and width of the images that the file is checked with; not multiples of 8."""


def export_onnx(style: TrainedStyle, path: Path) -> None:
    """Write a style as an ONNX file, completely or not at all; see `build_model`.

    Raises:
        StyleFileError: the package onnx is not installed, or ONNX Runtime paints other pixels than PyTorch.
        OutputError: the file cannot be written.
    """
    write_atomically(path, build_model(style).SerializeToString())


def build_model(style: TrainedStyle) -> Any:
    """Return a style as a model of ONNX, which is checked with ONNX Runtime if that is installed.

    The inputs are `image` (N, 3, H, W) in float32, sRGB in 0..1, with sides of 16 pixels or more, and `weights`
    (1, styles + 1), of the photograph itself and of each style, which add to 1. The output `painted` is like `image`.
    The metadata, as JSON, are the names of the `styles`, the `weights` of the first one, and the training's `record`.

    Raises:
        StyleFileError: the package onnx is not installed, or ONNX Runtime paints other pixels than PyTorch.
    """
    if not is_installed("onnx"):
        raise StyleFileError("the package onnx is not installed; install it with `pip install 'barestyle[fast]'`")
    import onnx

    from barestyle.feed_forward.onnx_graph import build_file_graph

    model = build_file_graph(style.network)
    model.producer_version = version("barestyle")
    model.doc_string = f"Paints photographs in the style of {', '.join(style.names)}; made by barestyle."
    metadata = {
        "styles": json.dumps(style.names),
        "weights": json.dumps(style.mix()[0].tolist()),
        "record": json.dumps(style.record),
    }
    onnx.helper.set_model_props(model, metadata)
    onnx.checker.check_model(model, full_check=True)
    if is_installed("onnxruntime"):
        check_pixels(style, model)
    return model


def check_pixels(style: TrainedStyle, model: Any) -> None:
    """Raise StyleFileError unless a model paints the same pixels as PyTorch, to TOLERANCE."""
    from barestyle.feed_forward.onnx_session import start_session

    images = torch.rand((2, 3, *CHECKED_SIZE), generator=torch.Generator().manual_seed(0))
    weights = style.mix(dict.fromkeys(style.names, 1.0), strength=0.75)
    with torch.inference_mode():
        expected = style.network(images, weights)
    inputs = {"image": images.numpy(), "weights": weights.numpy()}
    painted = torch.from_numpy(
        start_session(model.SerializeToString(), torch.get_num_threads()).run(["painted"], inputs)[0]
    )
    difference = float((painted - expected).abs().max())
    if not difference <= TOLERANCE:
        raise StyleFileError(
            f"ONNX Runtime paints other pixels than PyTorch (the difference is {difference:.2g}, more than "
            f"{TOLERANCE:g}); use another version of onnxruntime"
        )
