"""The network as a graph of ONNX, built node by node from its weights.

The graphs differ in their normalizations: one for files takes the weights of the styles as an input; those for whole
images have fixed weights; and in the one for tiles, fixed statistics make each normalization a part of its convolution.
A recording (torch.onnx) would not give them.
"""

from __future__ import annotations

import torch
from onnx import ModelProto, TensorProto, ValueInfoProto, helper
from torch import Tensor

from barestyle.feed_forward.color_curves import PASSES, Palette
from barestyle.feed_forward.finishing import KEPT_SHARE
from barestyle.feed_forward.folding import FoldedConvolution, fold, mix_scale_and_shift
from barestyle.feed_forward.layers import (
    EPSILON,
    SMALLEST_SHARE,
    ConditionalNorm,
    Convolution,
    NoiseInput,
    NormStatistics,
    OutputConvolution,
    compute_shares,
)
from barestyle.feed_forward.network import STRIDE, StyleNetwork
from barestyle.feed_forward.noise import AMPLITUDE, PERIOD, PLANES, WAVES, build_cosines, build_waves
from barestyle.feed_forward.onnx_color_curves import add_curves, add_moved_colors
from barestyle.feed_forward.onnx_nodes import Graph

IMAGE, WEIGHTS, ORIGIN, PAINTED = "image", "weights", "origin", "painted"
"""Names of the inputs and of the output."""

MAX_COLUMNS = 1 << 30
"""End of a slice that goes to the last column."""

IMAGE_SHAPE = ("N", 3, "H", "W")


def build_file_graph(network: StyleNetwork) -> ModelProto:
    """Return the graph for files: `image` (N, 3, H, W) and `weights` (1, styles + 1) to `painted` (N, 3, H, W).

    Images are float32, sRGB in 0..1, of any size from 16 pixels per side. They are mirrored to multiples of 8 pixels
    inside the graph.
    """
    graph = Graph()
    add_finished_picture(graph, network, _WeightsAsInput(graph))
    weights = helper.make_tensor_value_info(WEIGHTS, TensorProto.FLOAT, [1, network.shape.styles + 1])
    return graph.build([describe_map(IMAGE), weights], [describe_map(PAINTED)])


def build_picture_graph(network: StyleNetwork, weights: Tensor) -> ModelProto:
    """Return the graph of finished pictures for fixed weights (1, styles + 1) of the photograph and of the styles.

    Images (N, 3, H, W) are as for `build_file_graph`.
    """
    graph = Graph()
    add_finished_picture(graph, network, _OwnStatistics(graph, weights))
    return graph.build([describe_map(IMAGE)], [describe_map(PAINTED)])


def add_finished_picture(graph: Graph, network: StyleNetwork, operations: _Operations) -> None:
    """Add nodes that mirror IMAGE to multiples of STRIDE, paint and finish it, and cut the result to its size."""
    size = graph.node("Shape", IMAGE, start=2, end=4)
    missing = graph.node("Mod", graph.node("Neg", size), graph.constant([STRIDE]))
    pads = graph.node("Concat", graph.constant([0] * 6), missing, axis=0)
    image = graph.node("Pad", IMAGE, pads, mode="reflect")
    painted = operations.finish(network.apply_layers(image, operations), network.palette, image)
    graph.node("Slice", painted, graph.constant([0, 0]), size, graph.constant([2, 3]), output=PAINTED)


def build_image_graph(network: StyleNetwork, weights: Tensor) -> ModelProto:
    """Return the graph of the network's output for images (N, 3, H, W) with their own statistics.

    Sides are multiples of 8. The images are not finished (`finishing.finish`).
    """
    graph = Graph()
    painted = network.apply_layers(IMAGE, _OwnStatistics(graph, weights))
    graph.node("Identity", painted, output=PAINTED)
    return graph.build([describe_map(IMAGE)], [describe_map(PAINTED)])


def build_tile_graph(network: StyleNetwork, weights: Tensor, norms: NormStatistics) -> ModelProto:
    """Return the graph of the network's output for images (N, 3, H, W) with fixed statistics.

    Sides are multiples of 8. The images are not finished (`finishing.finish`). Another input is `origin`, the row and
    the column of an image's first pixel in the whole picture.
    """
    graph = Graph()
    painted = network.apply_layers(IMAGE, _FixedStatistics(graph, weights, norms))
    graph.node("Identity", painted, output=PAINTED)
    origin = helper.make_tensor_value_info(ORIGIN, TensorProto.INT64, [2])
    return graph.build([describe_map(IMAGE), origin], [describe_map(PAINTED)])


def add_noise_planes(graph: Graph, size: str, origin: str | None) -> str:
    """Add nodes for `compute_noise`, and return the name of the planes, (PLANES, height * width).

    `size` is the name of height and width, `origin` that of the first row and column, or None for 0.
    """
    waves = build_waves()
    rows = _add_waves(graph, size, origin, 0, waves.down, waves.phase, sign=-1)
    columns = _add_waves(graph, size, origin, 1, waves.across, torch.zeros_like(waves.phase), sign=1)
    planes = graph.node("MatMul", rows, graph.node("Transpose", columns, perm=[0, 2, 1]))
    scaled = graph.node("Mul", planes, graph.constant(torch.tensor(AMPLITUDE)))
    return graph.node("Reshape", scaled, graph.constant([PLANES, -1]))


def _add_waves(
    graph: Graph, size: str, origin: str | None, axis: int, cycles: Tensor, phase: Tensor, *, sign: int
) -> str:
    """Return the name of cosines, and of sines times `sign`, at each row or column: (PLANES, n, 2 * WAVES)."""
    index, period = graph.constant(torch.tensor(axis)), graph.constant([PERIOD])
    start, step = (graph.constant(torch.tensor(value)) for value in (0, 1))
    positions = graph.node("Range", start, graph.node("Gather", size, index), step)
    if origin is not None:
        positions = graph.node("Add", positions, graph.node("Gather", origin, index))
    column = graph.node("Unsqueeze", positions, graph.constant([1]))
    steps = graph.node("Add", graph.node("Mul", column, graph.constant(cycles)), graph.constant(phase))
    quarter = graph.node("Sub", steps, graph.constant([PERIOD // 4]))
    parts = []
    for angles, factor in ((steps, 1), (quarter, sign)):
        table = graph.constant(factor * build_cosines())
        values = graph.node("Gather", table, graph.node("Mod", angles, period))
        shape = graph.constant([-1, PLANES, WAVES])
        parts.append(graph.node("Transpose", graph.node("Reshape", values, shape), perm=[1, 0, 2]))
    return graph.node("Concat", *parts, axis=2)


def describe_map(name: str) -> ValueInfoProto:
    """Return the description of an input or output that is an image, (N, 3, H, W)."""
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, IMAGE_SHAPE)


class _Operations:
    """Operations that add nodes to a graph."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def begin(self, image: str) -> str:
        two, one = (self._graph.constant(torch.tensor(value)) for value in (2.0, 1.0))
        pixels = self._graph.node("SpaceToDepth", image, blocksize=2)
        return self._graph.node("Sub", self._graph.node("Mul", pixels, two), one)

    def rectify(self, x: str) -> str:
        return self._graph.node("Relu", x)

    def add(self, x: str, change: str) -> str:
        return self._graph.node("Add", x, change)

    def add_noise(self, x: str, noise: NoiseInput) -> str:
        graph = self._graph
        size = graph.node("Shape", x, start=2, end=4)
        planes = add_noise_planes(graph, size, self.origin(noise.cell))
        channels = noise.weight.shape[1]
        shape = graph.node("Concat", graph.constant([1, channels]), size, axis=0)
        return graph.node(
            "Add", x, graph.node("Reshape", graph.node("MatMul", self.noise_weights(noise), planes), shape)
        )

    def shuffle(self, x: str) -> str:
        return self._graph.node("DepthToSpace", x, blocksize=2, mode="CRD")

    def enlarge(self, x: str) -> str:
        scales = self._graph.constant(torch.tensor([1.0, 1.0, 2.0, 2.0]))
        return self._graph.node("Resize", x, "", scales, mode="linear", coordinate_transformation_mode="half_pixel")

    def end(self, x: str, convolution: OutputConvolution) -> str:
        x = self._graph.convolution(x, convolution.weight, convolution.bias, convolution.stride)
        return self._graph.node("Sigmoid", x)

    def finish(self, painted: str, palette: Palette, image: str) -> str:
        """Add `finishing.finish` for whole images, and return the name of its result."""
        graph, weight = self._graph, self.photograph_weight()
        kept, rest, two, one, zero = (
            graph.constant(torch.tensor(value)) for value in (KEPT_SHARE, 1 - KEPT_SHARE, 2.0, 1.0, 0.0)
        )
        mixed = self._blend(painted, image, graph.node("Add", kept, graph.node("Mul", rest, weight)))
        moved = add_moved_colors(graph, mixed, add_curves(graph, mixed, self._mix_quantiles(palette)))
        beyond_half = graph.node("Sub", graph.node("Mul", two, weight), one)
        return self._blend(moved, image, graph.node("Max", beyond_half, zero))

    def _blend(self, painted: str, image: str, share: str) -> str:
        change = self._graph.node("Sub", image, painted)
        return self._graph.node("Add", painted, self._graph.node("Mul", change, share))

    def _mix_quantiles(self, palette: Palette) -> list[str]:
        """Return the names of the mixture's quantiles for each pass, (1, 3, LEVELS)."""
        graph = self._graph
        tables = [palette.quantiles[:, number].flatten(1) for number in range(PASSES)]
        mixed = [graph.node("MatMul", self.shares(), graph.constant(table)) for table in tables]
        return [graph.node("Reshape", each, graph.constant([1, 3, -1])) for each in mixed]

    def convolve(self, x: str, convolution: Convolution, norm: ConditionalNorm) -> str:
        """Add a convolution with the normalization after it, and return its name."""
        raise NotImplementedError

    def photograph_weight(self) -> str:
        """Return the name of the weight of the photograph, (1, 1)."""
        raise NotImplementedError

    def shares(self) -> str:
        """Return the name of the shares of the styles, (1, styles)."""
        raise NotImplementedError

    def noise_weights(self, noise: NoiseInput) -> str:
        """Return the name of the weights of the noise, (channels, PLANES)."""
        raise NotImplementedError

    def origin(self, cell: int) -> str | None:
        """Return the name of the first row and column in cells of a map, (2,); None for the first ones of all."""
        return None


class _WeightsAsInput(_Operations):
    """Normalizes each image by its own statistics; scale and shift follow from an input of the graph."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        one, end, columns = graph.constant([1]), graph.constant([MAX_COLUMNS]), graph.constant([1])
        styles = graph.node("Slice", WEIGHTS, one, end, columns)
        total = graph.node(
            "Max", graph.node("ReduceSum", styles, columns), graph.constant(torch.tensor(SMALLEST_SHARE))
        )
        self._shares = graph.node("Div", styles, total)
        self._photograph_weight = graph.node("Slice", WEIGHTS, graph.constant([0]), one, columns)

    def convolve(self, x: str, convolution: Convolution, norm: ConditionalNorm) -> str:
        graph = self._graph
        x = graph.convolution(x, convolution.weight, None, convolution.stride)
        scale, shift = (
            graph.node(
                "Reshape", graph.node("MatMul", self._shares, graph.constant(table)), graph.constant([1, -1, 1, 1])
            )
            for table in (norm.scale, norm.shift)
        )
        # Not InstanceNormalization, which loses the small variances of nearly flat images: it subtracts squares.
        difference = graph.node("Sub", x, graph.node("ReduceMean", x, axes=[2, 3]))
        variance = graph.node("ReduceMean", graph.node("Mul", difference, difference), axes=[2, 3])
        deviation = graph.node("Sqrt", graph.node("Add", variance, graph.constant(torch.tensor(EPSILON))))
        return graph.node("Add", graph.node("Mul", difference, graph.node("Div", scale, deviation)), shift)

    def photograph_weight(self) -> str:
        return self._photograph_weight

    def shares(self) -> str:
        return self._shares

    def noise_weights(self, noise: NoiseInput) -> str:
        graph = self._graph
        mixed = graph.node("MatMul", self._shares, graph.constant(noise.scaled_weight.flatten(1)))
        return graph.node("Reshape", mixed, graph.constant(list(noise.weight.shape[1:])))


class _FixedWeights(_Operations):
    """Operations for given weights of the photograph and of each style, (1, styles + 1)."""

    def __init__(self, graph: Graph, weights: Tensor) -> None:
        super().__init__(graph)
        self._weights = weights

    def photograph_weight(self) -> str:
        return self._graph.constant(self._weights[:, :1])

    def shares(self) -> str:
        return self._graph.constant(compute_shares(self._weights))

    def noise_weights(self, noise: NoiseInput) -> str:
        return self._graph.constant(noise.mix(self._weights)[0])


class _OwnStatistics(_FixedWeights):
    """Normalizes each image by its own statistics."""

    def convolve(self, x: str, convolution: Convolution, norm: ConditionalNorm) -> str:
        x = self._graph.convolution(x, convolution.weight, None, convolution.stride)
        scale, shift = (self._graph.constant(values) for values in mix_scale_and_shift(norm, self._weights))
        return self._graph.node("InstanceNormalization", x, scale, shift, epsilon=EPSILON)


class _FixedStatistics(_FixedWeights):
    """Normalizes by given statistics, within the convolutions."""

    def __init__(self, graph: Graph, weights: Tensor, norms: NormStatistics) -> None:
        super().__init__(graph, weights)
        self._norms = norms

    def origin(self, cell: int) -> str | None:
        return self._graph.node("Div", ORIGIN, self._graph.constant([cell]))

    def convolve(self, x: str, convolution: Convolution, norm: ConditionalNorm) -> str:
        folded: FoldedConvolution = fold(convolution, norm, self._weights, self._norms)
        return self._graph.convolution(x, folded.weight, folded.bias, convolution.stride)
