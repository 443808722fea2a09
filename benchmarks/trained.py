"""`python -m benchmarks.trained STYLE PAINTING PHOTO...`: a trained style's distances, beside those of a search.

Each photograph is painted in the trained style, and by search in the painting at several strengths, at the same size.
The distances to the style are metrics that neither of them optimizes. The search's are interpolated at the strength at
which it is as far from the photograph as the trained style (1 - SSIM), or are those of the nearest strength.

--size N           long side in pixels (512)
--preset NAME      of the search (bare)
--strengths X,...  of the search (0.3,0.5,0.7,0.85,1)
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from math import exp, log
from pathlib import Path

import numpy as np
from rich.console import Console
from torch import Tensor

from barestyle import transfer
from barestyle.feed_forward import StylePainter, load_style
from barestyle.images import Picture, read, target_size
from barestyle.metrics import METRICS
from barestyle.metrics.metric import MetricInputs
from barestyle.presets import preset
from barestyle.spec import with_settings
from benchmarks.__main__ import WIDTH, print_table
from benchmarks.tables import Table

DISTANCES = ("held-out", "patches", "colors")


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.trained", description="Distances of a trained style.")
    parser.add_argument("style", type=Path)
    parser.add_argument("painting", type=Path)
    parser.add_argument("photos", type=Path, nargs="+")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--preset", default="bare")
    parser.add_argument("--strengths", default="0.3,0.5,0.7,0.85,1")
    arguments = parser.parse_args()
    strengths = [float(text) for text in arguments.strengths.split(",")]
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    painter = StylePainter(load_style(arguments.style))
    pictures = [shrink(read(photo), arguments.size) for photo in arguments.photos]
    print_table(console, compare(painter, read(arguments.painting), pictures, arguments.preset, strengths))


def shrink(picture: Picture, size: int) -> Picture:
    """Return a picture whose long side has `size` pixels."""
    return picture.resize(*target_size(picture.height, picture.width, size))


def compare(
    painter: StylePainter, painting: Picture, pictures: Sequence[Picture], preset_name: str, strengths: Sequence[float]
) -> Table:
    """Return a table with a row for each photograph, and the geometric means of the ratios."""
    ratios: dict[str, list[float]] = {name: [] for name in DISTANCES}
    table = Table(
        "distance to the style, trained / search at the same 1 - SSIM", ("photograph", "1 - SSIM", "search", *DISTANCES)
    )
    for picture in pictures:
        style = shrink(painting, max(picture.height, picture.width))
        content, distances = measure(painter.paint(picture.pixels), picture, style)
        searches = [measure(search(picture, painting, preset_name, each), picture, style) for each in strengths]
        contents = [each for each, _ in searches]
        order = np.argsort(contents)
        cells = []
        for name in DISTANCES:
            logs = [log(searches[number][1][name]) for number in order]
            expected = exp(np.interp(content, np.sort(contents), logs))
            ratios[name].append(distances[name] / expected)
            cells.append(f"{distances[name]:.4f} / {expected:.4f}")
        table.add(picture.name, round(content, 3), f"{min(contents):.3f} to {max(contents):.3f}", *cells)
    means = [f"{exp(np.mean(np.log(ratios[name]))):.2f}" for name in DISTANCES]
    table.add("geometric mean of ratios", "", "", *means)
    return table


def search(picture: Picture, painting: Picture, preset_name: str, strength: float) -> Tensor:
    """Return a picture that a search painted at its own size."""
    size = max(picture.height, picture.width)
    spec = with_settings(preset(preset_name).spec, {"content_loss.strength": strength, "size": size})
    return transfer(picture.pixels, painting.pixels, spec).image


def measure(image: Tensor, picture: Picture, style: Picture) -> tuple[float, dict[str, float]]:
    """Return 1 - SSIM to the photograph, and the distances to the style."""
    inputs = MetricInputs(image, picture.pixels, style.pixels)
    return 1 - METRICS["ssim"].compute(inputs), {name: METRICS[name].compute(inputs) for name in DISTANCES}


if __name__ == "__main__":
    main()
