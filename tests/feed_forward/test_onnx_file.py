"""The exported file paints what PyTorch paints."""

from __future__ import annotations

import json
from pathlib import Path

import onnx
import onnxruntime
import pytest
import torch

from barestyle.errors import OutputError, StyleFileError
from barestyle.feed_forward import NetworkShape, onnx_file
from barestyle.feed_forward.onnx_file import export_onnx
from tests.feed_forward.cases import make_image, make_style


def test_the_file_paints_as_pytorch_does(tmp_path: Path) -> None:
    style, path = make_style(), tmp_path / "style.onnx"
    export_onnx(style, path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for height, width in ((16, 16), (40, 64), (37, 51), (17, 134)):
        images = torch.cat([make_image(height, width, seed) for seed in (1, 2, 3)])
        for weights in (style.mix(), style.mix(strength=0), style.mix({"style 1": 1, "style 2": 3}, strength=0.6)):
            (painted,) = session.run(None, {"image": images.numpy(), "weights": weights.numpy()})
            expected = style.network(images, weights)
            torch.testing.assert_close(torch.from_numpy(painted), expected, atol=1e-4, rtol=0)


def test_the_file_describes_itself(tmp_path: Path) -> None:
    export_onnx(make_style(NetworkShape((4, 6, 8, 8), (1, 1, 1), 3)), tmp_path / "style.onnx")
    model = onnx.load(tmp_path / "style.onnx")
    onnx.checker.check_model(model, full_check=True)
    assert (model.producer_name, model.opset_import[0].version) == ("barestyle", 17)
    metadata = {entry.key: json.loads(entry.value) for entry in model.metadata_props}
    assert metadata == {
        "styles": ["style 1", "style 2", "style 3"],
        "weights": [0, 1, 0, 0],
        "record": {"steps": 3},
    }
    shapes = {
        value.name: [size.dim_param or size.dim_value for size in value.type.tensor_type.shape.dim]
        for value in (*model.graph.input, *model.graph.output)
    }
    image = ["N", 3, "H", "W"]
    assert shapes == {"image": image, "weights": [1, 4], "painted": image}


def test_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    style = make_style()
    with pytest.raises(OutputError, match="cannot be written"):
        export_onnx(style, tmp_path / "none" / "style.onnx")
    monkeypatch.setattr(onnx_file, "TOLERANCE", 1e-9)
    with pytest.raises(StyleFileError, match="ONNX Runtime paints other pixels than PyTorch"):
        export_onnx(style, tmp_path / "style.onnx")
    monkeypatch.setattr(onnx_file, "is_installed", lambda package: False)
    with pytest.raises(
        StyleFileError, match=r"onnx is not installed; install it with `pip install 'barestyle\[fast\]'`"
    ):
        export_onnx(style, tmp_path / "style.onnx")
    assert list(tmp_path.iterdir()) == []
