"""Which library computes a trained style."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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


def test_onnx_runtime_sends_no_usage_data(tmp_path: Path) -> None:
    """Where it does, it leaves a file with the session's id in the folder of temporary files."""
    code = (
        "from barestyle import samples\n"
        "from barestyle.feed_forward import StylePainter, load_style\n"
        "import torch\n"
        "painter = StylePainter(load_style(samples.trained_style('swirls')), engine='onnx')\n"
        "painter.paint(torch.rand(1, 3, 16, 16))\n"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    environment.pop("ORT_DISABLE_TELEMETRY", None)  # set here if another test has imported the module
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert list(tmp_path.iterdir()) == []
