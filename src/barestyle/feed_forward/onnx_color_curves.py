"""The curves of colors as nodes of ONNX; see `color_curves`, whose functions have the same names."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from onnx import TensorProto, helper

from barestyle.feed_forward.color_curves import AXES, KNOTS, LEVELS, LOW, MAX_SLOPE, SAMPLING, STEP
from barestyle.feed_forward.onnx_nodes import Graph

MAX_END = 1 << 30
"""End of a slice that goes to the last entry."""


def add_curves(graph: Graph, painted: str, quantiles: Sequence[str]) -> list[str]:
    """Add `compute_curves` for images (N, 3, H, W), and return the names of the curves of each pass, (N, 3, KNOTS).

    `quantiles` are the names of each pass's, (1, 3, LEVELS).
    """
    ends, axes, steps = (graph.constant([value] * 2) for value in (MAX_END, 0, SAMPLING))
    sample = graph.node("Slice", painted, axes, ends, graph.constant([2, 3]), steps)
    colors = _flatten(graph, sample)
    curves = []
    for number, target in enumerate(quantiles):
        positions = _locate(graph, colors, number)
        curves.append(_compute_pass(graph, _accumulate(graph, positions), target, number))
        if number < len(quantiles) - 1:
            colors = _move(graph, positions, curves[-1], number)
    return curves


def add_moved_colors(graph: Graph, painted: str, curves: Sequence[str]) -> str:
    """Add `apply_curves`, and return the name of the images (N, 3, H, W)."""
    colors = _flatten(graph, painted)
    for number, curve in enumerate(curves):
        colors = _move(graph, _locate(graph, colors, number), curve, number)
    zero, one = _numbers(graph, 0.0, 1.0)
    return graph.node("Reshape", graph.node("Clip", colors, zero, one), graph.node("Shape", painted))


def _flatten(graph: Graph, image: str) -> str:
    return graph.node("Reshape", image, graph.constant([0, 3, -1]))


def _numbers(graph: Graph, *values: float) -> list[str]:
    return [graph.constant(torch.tensor(value)) for value in values]


def _locate(graph: Graph, colors: str, number: int) -> str:
    step = STEP[number, :, None]
    steps = graph.node("MatMul", graph.constant(AXES[number].T / step), colors)
    positions = graph.node("Add", steps, graph.constant(-LOW[number, :, None] / step))
    return graph.node("Clip", positions, *_numbers(graph, 0.0, float(KNOTS - 1)))


def _move(graph: Graph, positions: str, curve: str, number: int) -> str:
    """Return the name of colors (N, 3, pixels) after a pass."""
    return graph.node("MatMul", graph.constant(AXES[number]), _interpolate(graph, curve, positions, KNOTS))


def _floor(graph: Graph, values: str) -> tuple[str, str]:
    """Return the names of the whole part, as integers, and of what is left."""
    whole = graph.node("Floor", values)
    return graph.node("Cast", whole, to=TensorProto.INT64), graph.node("Sub", values, whole)


def _accumulate(graph: Graph, positions: str) -> str:
    half, one = _numbers(graph, 0.5, 1.0)
    index, above = _floor(graph, graph.node("Add", positions, half))
    shape = graph.node("Concat", graph.node("Shape", positions, start=0, end=2), graph.constant([KNOTS + 1]), axis=0)
    counts = graph.node("ConstantOfShape", shape, value=helper.make_tensor("zero", TensorProto.FLOAT, [1], [0.0]))
    later = graph.node("Add", index, graph.constant([1]))
    for place, amount in ((index, graph.node("Sub", one, above)), (later, above)):
        counts = graph.node("ScatterElements", counts, place, amount, axis=2, reduction="add")
    total = graph.node("CumSum", counts, graph.constant(torch.tensor(2)))
    cumulative = _slice(graph, total, 0, KNOTS)
    pixels = graph.node("Cast", graph.node("Shape", positions, start=2, end=3), to=TensorProto.FLOAT)
    return graph.node("Div", cumulative, pixels)


def _slice(graph: Graph, values: str, start: int, end: int) -> str:
    """Return the name of a part along the last axis of three."""
    return graph.node("Slice", values, graph.constant([start]), graph.constant([end]), graph.constant([2]))


def _compute_pass(graph: Graph, cumulative: str, quantiles: str, number: int) -> str:
    levels, two = _numbers(graph, float(LEVELS - 1), 2.0)
    exact = _interpolate(graph, quantiles, graph.node("Mul", cumulative, levels), LEVELS)

    def later(values: str) -> str:
        return _slice(graph, values, 1, KNOTS)

    def earlier(values: str) -> str:
        return _slice(graph, values, 0, KNOTS - 1)

    rises = graph.node("Sub", later(exact), earlier(exact))
    limited = graph.node("Min", rises, graph.constant(MAX_SLOPE * STEP[number, :, None]))
    first = graph.node("Sub", *[_slice(graph, exact, 0, 1)] * 2)
    curve = graph.node("Concat", first, graph.node("CumSum", limited, graph.constant(torch.tensor(2))), axis=2)
    share = graph.node("Sub", later(cumulative), earlier(cumulative))
    difference = graph.node("Sub", exact, curve)
    lost = graph.node("Div", graph.node("Add", later(difference), earlier(difference)), two)
    axis = graph.constant([2])
    sums = [graph.node("ReduceSum", values, axis) for values in (graph.node("Mul", lost, share), share)]
    return graph.node("Add", curve, graph.node("Div", *sums))


def _interpolate(graph: Graph, table: str, positions: str, length: int) -> str:
    rises = graph.node("Sub", _slice(graph, table, 1, length), _slice(graph, table, 0, length - 1))
    last = graph.node("Sub", *[_slice(graph, table, length - 1, length)] * 2)  # no rise after the last entry
    shape = graph.node("Concat", graph.node("Shape", positions, start=0, end=2), graph.constant([length]), axis=0)
    index, share = _floor(graph, positions)
    low, rise = (
        graph.node("GatherElements", graph.node("Expand", values, shape), index, axis=2)
        for values in (table, graph.node("Concat", rises, last, axis=2))
    )
    return graph.node("Add", low, graph.node("Mul", rise, share))
