"""`python -m benchmarks.quality`: compare the untrained default with the paper's networks and a trained network.

--size N          long side in pixels (256)
--pairs N         number of pairs (8)
--seeds N         number of seeds of the random networks, from 0 (3)
--weights FILE    trained VGG-19, for the fourth arm and the metrics that need it ($BARESTYLE_VGG19)
--at METRIC       metric at whose equal value arms are compared: ssim (default) or vgg-content
--shared FOLDER   use the pairs of benchmarks/pairs.py, with this folder's photographs, instead of the eight installed
                  ones; a photograph that has a map of boundaries also gets the F-measure of the result's edges
--output FILE     JSON file with every score (benchmarks/quality-SIZE.json); results in it are not painted again
                  unless the spec of their arm has changed or a score is missing
--gallery FOLDER  write the arms of each pair side by side as JPEG files

Four arms: the paper's random binary VGG shape, its NPND and trained VGG-19, all with the Gram loss and L-BFGS for 100
evaluations, and `bare` at several strengths. No arm optimizes a metric, except that the trained arm uses the network of
vgg-unseen and vgg-content.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from PIL import Image
from rich.console import Console

from barestyle import Result, Spec, transfer
from barestyle.metrics import METRICS, score
from barestyle.metrics.boundaries import boundary_f_measure
from barestyle.networks.vgg19 import find_default_weights
from benchmarks import machine
from benchmarks.__main__ import WIDTH, print_table
from benchmarks.arms import TRAINED, build_specs, count_seeds
from benchmarks.comparison import BOUNDARIES, CONTENT_METRICS, Cell, Outcome, compare_arms, compare_with_arm
from benchmarks.pairs import PAIRS, Pair, PictureSource

INSTALLED_PAIRS = (
    Pair("coffee", "swirls"),
    Pair("chelsea", "mosaic"),
    Pair("astronaut", "impasto"),
    Pair("rocket", "hatching"),
    Pair("astronaut", "swirls"),
    Pair("chelsea", "impasto"),
    Pair("coffee", "hatching"),
    Pair("rocket", "mosaic"),
)
WEIGHT_FREE = ("portilla", "patches", "colors")
METRIC_NAMES = ("ssim", "vgg-content", "vgg-unseen", *WEIGHT_FREE)
GAP = 6


def list_cells(arms: dict[str, Spec], pairs: Sequence[Pair], seeds: int) -> Iterator[Cell]:
    """Yield all cells; an arm without randomness has one seed."""
    for pair in pairs:
        for arm, spec in arms.items():
            for seed in range(count_seeds(spec, seeds)):
                yield Cell(pair.content, pair.style, arm, seed)


def list_scores(photo: str, weights: Path | None, source: PictureSource) -> list[str]:
    """Return the names of the scores that a photograph's results can have here."""
    names = [name for name in METRIC_NAMES if weights is not None or METRICS[name].needs != "trained weights"]
    return names if source.read_boundaries(photo) is None else [*names, BOUNDARIES]


def is_complete(outcome: Outcome, spec: Spec, names: Sequence[str]) -> bool:
    """Return whether a stored outcome has the spec of its arm and every score of `names`."""
    return outcome.spec == spec.digest and set(names) <= set(outcome.scores)


def paint(cell: Cell, spec: Spec, weights: Path | None, source: PictureSource) -> tuple[Result, Outcome]:
    """Paint a cell and compute its metrics."""
    photo, style = source.read(cell.photo), source.read(cell.style)
    result = transfer(photo, style, spec, seed=cell.seed, precision="float32")
    names = [name for name in list_scores(cell.photo, weights, source) if name != BOUNDARIES]
    values = score(result.image, photo, style, metrics=names, weights=weights).values
    boundaries = source.read_boundaries(cell.photo)
    if boundaries is not None:
        values[BOUNDARIES] = boundary_f_measure(result.image, boundaries)
    return result, Outcome(values, result.evaluations, round(result.seconds, 1), result.restarts, spec.digest)


def join_images(photo: Image.Image, style: Image.Image, results: list[Image.Image]) -> Image.Image:
    """Join photograph, style and results side by side, at the results' height."""
    height = results[0].height
    images = [photo, style, *results]
    scaled = [image.convert("RGB").resize((round(image.width * height / image.height), height)) for image in images]
    sheet = Image.new("RGB", (sum(image.width for image in scaled) + GAP * (len(scaled) - 1), height), "white")
    left = 0
    for image in scaled:
        sheet.paste(image, (left, 0))
        left += image.width + GAP
    return sheet


def parse_arguments() -> argparse.Namespace:
    """Return the arguments of the command line; the weights and the output file have their defaults."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--pairs", type=int, default=len(INSTALLED_PAIRS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--weights", type=Path, default=None)
    parser.add_argument("--at", choices=CONTENT_METRICS, default=CONTENT_METRICS[0])
    parser.add_argument("--shared", type=Path, default=None)
    parser.add_argument("--output", type=Path, default=None)
    parser.add_argument("--gallery", type=Path, default=None)
    arguments = parser.parse_args()
    default = find_default_weights()
    arguments.weights = arguments.weights or (None if default is None else Path(default))
    if METRICS[arguments.at].needs == "trained weights" and arguments.weights is None:
        parser.error(f"--at {arguments.at} needs trained weights; name a file with --weights FILE or $BARESTYLE_VGG19")
    arguments.output = arguments.output or Path(__file__).parent / f"quality-{arguments.size}.json"
    return arguments


def main() -> None:
    """Paint the missing cells, write every score, and print the tables."""
    arguments = parse_arguments()
    weights, output, seeds = arguments.weights, arguments.output, arguments.seeds
    source = PictureSource(arguments.shared)
    pairs = (INSTALLED_PAIRS if arguments.shared is None else source.select(PAIRS)[0])[: arguments.pairs]
    stored = json.loads(output.read_text(encoding="utf-8"))["cells"] if output.exists() else {}
    outcomes = {key: Outcome(**values) for key, values in stored.items()}
    arms = build_specs(weights, arguments.size)
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    machine_facts = machine.describe(torch.device("cpu"))
    console.print(", ".join(f"{name}: {value}" for name, value in machine_facts.items()))
    galleries: dict[tuple[str, str], list[Image.Image]] = {}
    for cell in list_cells(arms, pairs, seeds):
        is_shown = cell.seed == 0 and cell.arm in ("paper", "npnd", "bare 0.5", TRAINED)
        is_in_gallery = arguments.gallery is not None and is_shown
        names = list_scores(cell.photo, weights, source)
        if not is_in_gallery and cell.key in outcomes and is_complete(outcomes[cell.key], arms[cell.arm], names):
            continue
        result, outcome = paint(cell, arms[cell.arm], weights, source)
        outcomes[cell.key] = outcome
        if is_in_gallery:
            galleries.setdefault((cell.photo, cell.style), []).append(result.to_pil())
        console.print(f"{cell.key}: {outcome.seconds} s, SSIM {outcome.scores['ssim']:.3f}")
        scores = {key: values._asdict() for key, values in outcomes.items()}
        data = {"machine": machine_facts, "date": time.strftime("%Y-%m-%d"), "cells": scores}
        output.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    for (photo, style), images in galleries.items():
        arguments.gallery.mkdir(parents=True, exist_ok=True)
        file = arguments.gallery / f"{photo}-{style}-{arguments.size}.jpg"
        join_images(source.read(photo), source.read(style), images).save(file, quality=85, optimize=True)
    print_table(console, compare_arms(outcomes, arms, pairs, seeds, (*METRIC_NAMES, BOUNDARIES)))
    for other in ("npnd", TRAINED):
        # The trained arm optimizes features of the network of vgg-unseen.
        metrics = [*(["vgg-unseen"] if weights is not None and other != TRAINED else []), *WEIGHT_FREE]
        for metric in metrics if other in arms else []:
            print_table(console, compare_with_arm(outcomes, other, metric, pairs, seeds, arguments.at))


if __name__ == "__main__":
    main()
