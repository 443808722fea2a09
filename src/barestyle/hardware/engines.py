"""The libraries that can compute a trained style. PyTorch is not imported."""

from __future__ import annotations

import importlib.util
import os
from typing import Literal, get_args

from barestyle.errors import DeviceError

InstalledEngine = Literal["onnx", "torch"]
EngineName = Literal["auto", "onnx", "torch"]

ENGINES: tuple[str, ...] = get_args(EngineName)

# Newer versions of ONNX Runtime send usage data unless this is set before they are imported; barestyle sends nothing.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")


def choose_engine(name: EngineName) -> InstalledEngine:
    """Return the engine of a name; `auto` is ONNX Runtime if it is installed. Raises DeviceError."""
    if name not in ENGINES:
        raise DeviceError(f"there is no engine {name!r}; use one of {', '.join(ENGINES)}")
    has_onnx = is_installed("onnx") and is_installed("onnxruntime")
    if name == "onnx" and not has_onnx:
        raise DeviceError(
            "ONNX Runtime is not installed; install it with `pip install 'barestyle[fast]'`, or use --engine torch"
        )
    return "onnx" if has_onnx and name != "torch" else "torch"


def is_installed(package: str) -> bool:
    """Return whether a package can be imported, without importing it."""
    return importlib.util.find_spec(package) is not None
