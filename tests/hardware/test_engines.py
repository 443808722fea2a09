"""Which library computes a trained style."""

from __future__ import annotations

import subprocess
import sys

import pytest

from barestyle.errors import DeviceError
from barestyle.hardware import engines
from barestyle.hardware.engines import choose_engine


def test_without_onnx_runtime_pytorch_paints(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_engine("auto") == "onnx"
    monkeypatch.setattr(engines, "is_installed", lambda package: package != "onnxruntime")
    assert choose_engine("auto") == "torch"
    with pytest.raises(DeviceError, match="ONNX Runtime is not installed; install it with `pip install"):
        choose_engine("onnx")


def test_choosing_does_not_load_the_libraries() -> None:
    code = (
        "import sys; from barestyle.hardware.engines import choose_engine; choose_engine('auto'); "
        "sys.exit(str({'torch', 'onnx', 'onnxruntime'} & set(sys.modules) or ''))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.strip() == ""
