"""Build a graph of ONNX node by node."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from onnx import ModelProto, ValueInfoProto, helper, numpy_helper
from torch import Tensor

OPSET = 17
IR_VERSION = 8
"""Those of ONNX 1.12, from 2022, so that older runtimes read the graph, too."""


class Graph:
    """Nodes and constants of a graph. Maps are names of nodes' outputs."""

    def __init__(self) -> None:
        self._nodes: list[object] = []
        self._constants: list[object] = []

    def node(self, kind: str, *inputs: str, output: str | None = None, **attributes: object) -> str:
        """Add an operator of ONNX, and return the name of its output."""
        name = output or f"{kind}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def constant(self, values: Tensor | Sequence[int]) -> str:
        """Add a tensor, or whole numbers, and return its name."""
        array = values.detach().numpy() if isinstance(values, Tensor) else np.array(values, np.int64)
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def convolution(self, x: str, weight: Tensor, bias: Tensor | None, stride: tuple[int, ...]) -> str:
        """Add a convolution whose input is mirrored at its borders."""
        side = weight.shape[-1]
        margin = side // 2
        mirrored = self.node("Pad", x, self.constant([0, 0, margin, margin] * 2), mode="reflect")
        parameters = [self.constant(values) for values in (weight, bias) if values is not None]
        return self.node("Conv", mirrored, *parameters, kernel_shape=[side, side], strides=list(stride))

    def build(self, inputs: Sequence[ValueInfoProto], outputs: Sequence[ValueInfoProto]) -> ModelProto:
        """Return the graph as a model."""
        graph = helper.make_graph(self._nodes, "barestyle", inputs, outputs, self._constants)
        opset = helper.make_opsetid("", OPSET)
        return helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION, producer_name="barestyle")
