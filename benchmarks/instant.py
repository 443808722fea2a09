"""`python -m benchmarks.instant STYLE`: how long a trained style takes to paint a photograph, with each engine.

The yardstick, in the same run, is a network of the shape that Johnson et al. published (2016, arXiv:1603.08155), with
random weights: 32, 64 and 128 channels, five residual blocks, first and last convolutions of 9 x 9, instance
normalization (Ulyanov et al. 2016). All take turns. Reading, writing and start-up do not count.

--sizes SIZES      long sides of the photograph in pixels, separated by commas (512)
--repetitions N    repetitions, after one that does not count (7)
--cpu              count processor time on one thread, for a machine on which other programs run
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import torch
from rich.console import Console
from torch import Tensor, nn

from barestyle import samples
from barestyle.feed_forward import StylePainter, TrainedStyle, load_style
from barestyle.feed_forward.network import STRIDE
from barestyle.feed_forward.onnx_graph import describe_map
from barestyle.feed_forward.onnx_nodes import Graph
from barestyle.feed_forward.onnx_session import start_session
from barestyle.images import read, resize, target_size
from benchmarks.__main__ import WIDTH, print_table
from benchmarks.tables import Table

Paint = Callable[[Tensor], Tensor]


class PublishedNetwork(nn.Sequential):
    """The network of Johnson et al. 2016 with instance normalization, 1.68 million weights, mirrored borders."""

    def __init__(self) -> None:
        enlarge = nn.Upsample(scale_factor=2.0, mode="nearest")
        super().__init__(
            *_convolve(3, 32, side=9),
            *_convolve(32, 64, stride=2),
            *_convolve(64, 128, stride=2),
            *(Residual(128) for _ in range(5)),
            enlarge,
            *_convolve(128, 64),
            enlarge,
            *_convolve(64, 32),
            nn.Conv2d(32, 3, 9, padding=4, padding_mode="reflect"),
        )


class Residual(nn.Module):
    """Adds a change of two convolutions."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.change = nn.Sequential(*_convolve(channels, channels), *_convolve(channels, channels)[:-1])

    def forward(self, x: Tensor) -> Tensor:
        change: Tensor = self.change(x)
        return x + change


def _convolve(inputs: int, outputs: int, *, side: int = 3, stride: int = 1) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, outputs, side, stride, side // 2, padding_mode="reflect")
    return [convolution, nn.InstanceNorm2d(outputs, affine=True), nn.ReLU(inplace=True)]


def add_to_graph(graph: Graph, layers: nn.Sequential, x: str) -> str:
    """Add the layers of a PublishedNetwork to a graph, and return the name of their output."""
    for layer in layers:
        match layer:
            case Residual():
                x = graph.node("Add", x, add_to_graph(graph, layer.change, x))
            case nn.Conv2d():
                x = graph.convolution(x, layer.weight, layer.bias, (layer.stride[0], layer.stride[1]))
            case nn.InstanceNorm2d():
                parameters = [graph.constant(values) for values in (layer.weight, layer.bias)]
                x = graph.node("InstanceNormalization", x, *parameters, epsilon=layer.eps)
            case nn.Upsample():
                scales = graph.constant(torch.tensor([1.0, 1.0, 2.0, 2.0]))
                repeat = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
                x = graph.node("Resize", x, "", scales, **repeat)
            case _:
                x = graph.node("Relu", x)
    return x


def start_published_onnx(network: PublishedNetwork) -> Paint:
    """Return a function that paints with ONNX Runtime."""
    graph = Graph()
    output = add_to_graph(graph, network, "image")
    session = start_session(
        graph.build([describe_map("image")], [describe_map(output)]).SerializeToString(), torch.get_num_threads()
    )
    return lambda image: torch.from_numpy(session.run(None, {"image": image.numpy()})[0])


def start_published_torch(network: PublishedNetwork) -> Paint:
    """Return a function that paints with PyTorch, as a program without further measures does."""

    def paint(image: Tensor) -> Tensor:
        with torch.inference_mode():
            result: Tensor = network(image)
        return result

    return paint


def make_painters(style: TrainedStyle) -> dict[str, Paint]:
    """Return everything that is timed, by name."""
    network = PublishedNetwork().eval().requires_grad_(False)
    return {
        "this style, ONNX Runtime": StylePainter(style, engine="onnx").paint,
        "this style, PyTorch": StylePainter(style, engine="torch").paint,
        "Johnson et al., ONNX Runtime": start_published_onnx(network),
        "Johnson et al., PyTorch": start_published_torch(network),
    }


def measure(painters: dict[str, Paint], sizes: Sequence[int], repetitions: int, clock: Callable[[], float]) -> Table:
    """Time all painters in turn, on a photograph whose sides are multiples of STRIDE."""
    table = Table(
        "Seconds to paint a photograph: median, and the least", ("painter", *[f"{size} pixels" for size in sizes])
    )
    cells: dict[str, list[str]] = {name: [] for name in painters}
    photo = read(samples.photo("astronaut")).pixels[..., :384, :]
    for size in sizes:
        image = resize(photo, *(-(-side // STRIDE) * STRIDE for side in target_size(384, 512, size)))
        seconds: dict[str, list[float]] = {name: [] for name in painters}
        for repetition in range(repetitions + 1):
            for name, paint in painters.items():
                started = clock()
                paint(image)
                if repetition:
                    seconds[name].append(clock() - started)
        for name, values in seconds.items():
            cells[name].append(f"{median(values):.3f} ({min(values):.3f})")
    for name, texts in cells.items():
        table.add(name, *texts)
    return table


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.instant", description="Time a trained style.")
    parser.add_argument("style", type=Path)
    parser.add_argument("--sizes", default="512")
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--cpu", action="store_true")
    arguments = parser.parse_args()
    if arguments.cpu:
        torch.set_num_threads(1)
    clock = time.process_time if arguments.cpu else time.perf_counter
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    sizes = [int(size) for size in arguments.sizes.split(",")]
    print_table(console, measure(make_painters(load_style(arguments.style)), sizes, arguments.repetitions, clock))


if __name__ == "__main__":
    torch.manual_seed(0)
    main()
