"""`python -m benchmarks.quality`: compare the untrained default with the paper's networks and a trained network.

--size N          long side in pixels (256)
--pairs N         number of pairs (8)
--seeds N         number of seeds of the random networks, from 0 (3)
--weights FILE    trained VGG-19, for the fourth arm and its metric ($BARESTYLE_VGG19)
--output FILE     JSON file with every score (benchmarks/quality-SIZE.json); results in it are not painted again
                  unless the spec of their arm has changed
--gallery FOLDER  write the arms of each pair side by side as JPEG files

Four arms: the paper's random binary VGG shape, its NPND and trained VGG-19, all with the Gram loss and L-BFGS for 100
evaluations, and `bare` at several strengths. No arm optimizes a metric, except that the trained arm uses the network of
vgg-unseen.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections.abc import Iterator
from math import exp, log
from pathlib import Path
from statistics import median
from typing import NamedTuple

import torch
from PIL import Image
from rich.console import Console

from barestyle import Result, Spec, preset, samples, transfer, with_settings
from barestyle.metrics import score
from barestyle.networks.vgg19 import find_default_weights
from benchmarks import machine
from benchmarks.__main__ import WIDTH, print_table
from benchmarks.tables import Table

PAIRS = (
    ("coffee", "swirls"),
    ("chelsea", "mosaic"),
    ("astronaut", "impasto"),
    ("rocket", "hatching"),
    ("astronaut", "swirls"),
    ("chelsea", "impasto"),
    ("coffee", "hatching"),
    ("rocket", "mosaic"),
)
EVALUATIONS = 100
STRENGTHS = (0.4, 0.5, 0.7, 0.85, 1.0)
WEIGHT_FREE = ("portilla", "patches", "colors")
METRIC_NAMES = ("ssim", "vgg-unseen", *WEIGHT_FREE)
GAP = 6


class Cell(NamedTuple):
    """One result: its pair, arm and seed."""

    photo: str
    style: str
    arm: str
    seed: int

    @property
    def key(self) -> str:
        """The key in the JSON file."""
        return f"{self.photo} in {self.style}, {self.arm}, seed {self.seed}"


class Outcome(NamedTuple):
    """The metrics of a result, evaluations at any size, seconds, number of restarts, and the digest of its spec."""

    scores: dict[str, float]
    evaluations: int
    seconds: float
    restarts: int
    spec: str


def build_specs(weights: Path | None, size: int) -> dict[str, Spec]:
    """Return the specs of the arms by name."""
    base = {"size": size, "optimizer": "lbfgs", "optimizer.steps": EVALUATIONS - 2, "optimizer.tolerance": 0}
    arms = {"paper": with_settings(preset("paper").spec, base), "npnd": with_settings(preset("npnd").spec, base)}
    for strength in STRENGTHS:
        settings = {"size": size, "content_loss.strength": strength}
        arms[f"bare {strength:g}"] = with_settings(preset("bare").spec, settings)
    if weights is not None:
        trained = {**base, "content_loss": "none", "network.trained_file": str(weights)}
        arms["VGG-19"] = with_settings(preset("paper-original").spec, trained)
    return arms


def list_cells(arms: dict[str, Spec], pairs: int, seeds: int) -> Iterator[Cell]:
    """Yield all cells; an arm without randomness has one seed."""
    for photo, style in PAIRS[:pairs]:
        for arm in arms:
            for seed in range(1 if arm == "VGG-19" else seeds):
                yield Cell(photo, style, arm, seed)


def paint(cell: Cell, spec: Spec, weights: Path | None) -> tuple[Result, Outcome]:
    """Paint a cell and compute its metrics."""
    photo, style = samples.photo(cell.photo), samples.style(cell.style)
    result = transfer(photo, style, spec, seed=cell.seed, precision="float32")
    names = [name for name in METRIC_NAMES if weights is not None or name != "vgg-unseen"]
    values = score(result.image, photo, style, metrics=names, weights=weights).values
    return result, Outcome(values, result.evaluations, round(result.seconds, 1), result.restarts, spec.digest)


def compare_arms(outcomes: dict[str, Outcome], arms: dict[str, Spec], pairs: int, seeds: int) -> Table:
    """Return the median of each metric by arm, with the minimum and maximum of the pairs' medians."""
    available = next(iter(outcomes.values())).scores
    metrics = [name for name in METRIC_NAMES if name in available]
    table = Table("Arms: median over pairs of the median over seeds", ("arm", *metrics, "evaluations", "seconds"))
    for arm in arms:
        by_pair = [_select(outcomes, photo, style, arm, seeds) for photo, style in PAIRS[:pairs]]
        cells = []
        for name in metrics:
            medians = [median(outcome.scores[name] for outcome in pair) for pair in by_pair]
            cells.append(f"{median(medians):.3g} ({min(medians):.3g} to {max(medians):.3g})")
        flat = [outcome for pair in by_pair for outcome in pair]
        table.add(
            arm,
            *cells,
            round(median(outcome.evaluations for outcome in flat)),
            f"{median(outcome.seconds for outcome in flat):.0f}",
        )
    return table


def compare_with_arm(outcomes: dict[str, Outcome], other: str, metric: str, pairs: int, seeds: int) -> Table:
    """Compare `bare` with another arm at that arm's SSIM, by pair; a ratio below 1 means that `bare` is closer."""
    table = Table(
        f"bare against {other} by {metric}, at the SSIM of {other}",
        ("pair", f"SSIM of {other}", other, "bare", "ratio (minimum to maximum over seeds)"),
    )
    table.note = "SSIM in brackets: the closest that the strengths of bare reach, if they do not reach the other's."
    for photo, style in PAIRS[:pairs]:
        others = _select(outcomes, photo, style, other, seeds)
        ratios, other_ssim, values, reached = [], [], [], []
        for seed in range(seeds):
            outcome = others[min(seed, len(others) - 1)]
            curve = [outcomes[Cell(photo, style, f"bare {strength:g}", seed).key].scores for strength in STRENGTHS]
            value, ssim = interpolate(curve, metric, outcome.scores["ssim"])
            values.append(value)
            reached.append(ssim)
            other_ssim.append(outcome.scores["ssim"])
            ratios.append(value / outcome.scores[metric])
        note = "" if abs(median(reached) - median(other_ssim)) < 5e-3 else f" [{median(reached):.3f}]"
        table.add(
            f"{photo} in {style}",
            f"{median(other_ssim):.3f}{note}",
            f"{median(outcome.scores[metric] for outcome in others):.4f}",
            f"{median(values):.4f}",
            f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
        )
    return table


def interpolate(curve: list[dict[str, float]], metric: str, ssim: float) -> tuple[float, float]:
    """Return a distance at an SSIM, interpolated geometrically between strengths, and the closest SSIM available."""
    points = sorted((scores["ssim"], scores[metric]) for scores in curve)
    if ssim <= points[0][0]:
        return points[0][1], points[0][0]
    for (low, near), (high, far) in itertools.pairwise(points):
        if ssim <= high:
            share = (ssim - low) / (high - low)
            return exp(log(near) * (1 - share) + log(far) * share), ssim
    return points[-1][1], points[-1][0]


def _select(outcomes: dict[str, Outcome], photo: str, style: str, arm: str, seeds: int) -> list[Outcome]:
    keys = [Cell(photo, style, arm, seed).key for seed in range(seeds)]
    return [outcomes[key] for key in keys if key in outcomes]


def join_images(photo: str, style: str, results: list[Image.Image]) -> Image.Image:
    """Join photograph, style and results side by side, at the results' height."""
    height = results[0].height
    images = [Image.open(samples.photo(photo)), Image.open(samples.style(style)), *results]
    scaled = [image.convert("RGB").resize((round(image.width * height / image.height), height)) for image in images]
    sheet = Image.new("RGB", (sum(image.width for image in scaled) + GAP * (len(scaled) - 1), height), "white")
    left = 0
    for image in scaled:
        sheet.paste(image, (left, 0))
        left += image.width + GAP
    return sheet


def main() -> None:
    """Paint the missing cells, write every score, and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--pairs", type=int, default=len(PAIRS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--weights", type=Path, default=None)
    parser.add_argument("--output", type=Path, default=None)
    parser.add_argument("--gallery", type=Path, default=None)
    arguments = parser.parse_args()
    default = find_default_weights()
    weights = arguments.weights or (None if default is None else Path(default))
    output = arguments.output or Path(__file__).parent / f"quality-{arguments.size}.json"
    stored = json.loads(output.read_text(encoding="utf-8"))["cells"] if output.exists() else {}
    outcomes = {key: Outcome(**values) for key, values in stored.items()}
    arms = build_specs(weights, arguments.size)
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    machine_facts = machine.describe(torch.device("cpu"))
    console.print(", ".join(f"{name}: {value}" for name, value in machine_facts.items()))
    galleries: dict[tuple[str, str], list[Image.Image]] = {}
    for cell in list_cells(arms, arguments.pairs, arguments.seeds):
        is_shown = cell.seed == 0 and cell.arm in ("paper", "npnd", "bare 0.5", "VGG-19")
        is_in_gallery = arguments.gallery is not None and is_shown
        if cell.key in outcomes and outcomes[cell.key].spec == arms[cell.arm].digest and not is_in_gallery:
            continue
        result, outcome = paint(cell, arms[cell.arm], weights)
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
        join_images(photo, style, images).save(file, quality=85, optimize=True)
    print_table(console, compare_arms(outcomes, arms, arguments.pairs, arguments.seeds))
    metrics = [*(["vgg-unseen"] if weights is not None else []), *WEIGHT_FREE]
    for metric in metrics:
        print_table(console, compare_with_arm(outcomes, "npnd", metric, arguments.pairs, arguments.seeds))
    if weights is not None:
        for metric in WEIGHT_FREE:
            print_table(console, compare_with_arm(outcomes, "VGG-19", metric, arguments.pairs, arguments.seeds))


if __name__ == "__main__":
    main()
