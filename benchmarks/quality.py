"""`python -m benchmarks.quality`: how good the untrained default is beside the paper's networks and a trained one.

--size N          pixels of the long side (256)
--pairs N         the first so many of the pairs (8)
--seeds N         of the random networks, from 0 on (3)
--weights FILE    trained VGG-19, for the fourth arm and its judge ($BARESTYLE_VGG19)
--output FILE     every score as JSON (benchmarks/quality-SIZE.json); what is in it already is not painted again
                  unless its arm has changed
--gallery FOLDER  the arms of each pair side by side, as JPEG

Four arms: the paper's random binary VGG shape, its NPND, trained VGG-19, all with the Gram loss and the robust L-BFGS
for 100 evaluations, and `bare` at several strengths. No arm optimizes any judge, but for the trained one's network.
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
from benchmarks.__main__ import WIDTH, show
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
JUDGES = ("ssim", "vgg-unseen", *WEIGHT_FREE)
GAP = 6


class Cell(NamedTuple):
    """One picture: its pair, arm and seed."""

    photo: str
    style: str
    arm: str
    seed: int

    @property
    def key(self) -> str:
        """As it is stored."""
        return f"{self.photo} in {self.style}, {self.arm}, seed {self.seed}"


class Found(NamedTuple):
    """Judges' scores, evaluations at any size, seconds, attempts that exploded, and which spec it was."""

    scores: dict[str, float]
    evaluations: int
    seconds: float
    restarts: int
    spec: str


def specs(weights: Path | None, size: int) -> dict[str, Spec]:
    """The arms by name."""
    plain = {"size": size, "optimizer": "lbfgs", "optimizer.steps": EVALUATIONS - 2, "optimizer.tolerance": 0}
    arms = {"paper": with_settings(preset("paper").spec, plain), "npnd": with_settings(preset("npnd").spec, plain)}
    for strength in STRENGTHS:
        settings = {"size": size, "content_loss.strength": strength}
        arms[f"bare {strength:g}"] = with_settings(preset("bare").spec, settings)
    if weights is not None:
        trained = {**plain, "content_loss": "none", "network.trained_file": str(weights)}
        arms["VGG-19"] = with_settings(preset("paper-original").spec, trained)
    return arms


def cells(arms: dict[str, Spec], pairs: int, seeds: int) -> Iterator[Cell]:
    """Everything to paint; what has no randomness once."""
    for photo, style in PAIRS[:pairs]:
        for arm in arms:
            for seed in range(1 if arm == "VGG-19" else seeds):
                yield Cell(photo, style, arm, seed)


def paint(cell: Cell, spec: Spec, weights: Path | None) -> tuple[Result, Found]:
    """Paint and judge one."""
    photo, style = samples.photo(cell.photo), samples.style(cell.style)
    result = transfer(photo, style, spec, seed=cell.seed, precision="float32")
    judges = [name for name in JUDGES if weights is not None or name != "vgg-unseen"]
    found = score(result.image, photo, style, metrics=judges, weights=weights).values
    return result, Found(found, result.evaluations, round(result.seconds, 1), result.restarts, spec.digest)


def by_arm(found: dict[str, Found], arms: dict[str, Spec], pairs: int, seeds: int) -> Table:
    """Medians over all pairs and seeds, with the least and the most of the pairs' medians."""
    some = next(iter(found.values())).scores
    judges = [name for name in JUDGES if name in some]
    table = Table("Arms: median over pairs of the median over seeds", ("arm", *judges, "evaluations", "seconds"))
    for arm in arms:
        each = [_of(found, photo, style, arm, seeds) for photo, style in PAIRS[:pairs]]
        cells = []
        for name in judges:
            medians = [median(one.scores[name] for one in pair) for pair in each]
            cells.append(f"{median(medians):.3g} ({min(medians):.3g} to {max(medians):.3g})")
        flat = [one for pair in each for one in pair]
        table.add(
            arm,
            *cells,
            round(median(one.evaluations for one in flat)),
            f"{median(one.seconds for one in flat):.0f}",
        )
    return table


def against(found: dict[str, Found], other: str, judge: str, pairs: int, seeds: int) -> Table:
    """`bare` against another arm at that arm's SSIM, pair by pair: below 1 `bare` is nearer to the style."""
    table = Table(
        f"bare against {other} by {judge}, at the SSIM of {other}",
        ("pair", f"SSIM of {other}", other, "bare", "ratio (least to most over seeds)"),
    )
    table.note = "SSIM in brackets: the nearest that bare's strengths reach, where they do not reach the other's."
    for photo, style in PAIRS[:pairs]:
        others = _of(found, photo, style, other, seeds)
        ratios, at, ours, reached = [], [], [], []
        for seed in range(seeds):
            theirs = others[min(seed, len(others) - 1)]
            curve = [found[Cell(photo, style, f"bare {one:g}", seed).key].scores for one in STRENGTHS]
            value, ssim = interpolated(curve, judge, theirs.scores["ssim"])
            ours.append(value)
            reached.append(ssim)
            at.append(theirs.scores["ssim"])
            ratios.append(value / theirs.scores[judge])
        note = "" if abs(median(reached) - median(at)) < 5e-3 else f" [{median(reached):.3f}]"
        table.add(
            f"{photo} in {style}",
            f"{median(at):.3f}{note}",
            f"{median(one.scores[judge] for one in others):.4f}",
            f"{median(ours):.4f}",
            f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
        )
    return table


def interpolated(curve: list[dict[str, float]], judge: str, ssim: float) -> tuple[float, float]:
    """A judge's distance on the way through points of growing strength, at an SSIM or the nearest there is."""
    points = sorted((one["ssim"], one[judge]) for one in curve)
    if ssim <= points[0][0]:
        return points[0][1], points[0][0]
    for (low, near), (high, far) in itertools.pairwise(points):
        if ssim <= high:
            share = (ssim - low) / (high - low)
            return exp(log(near) * (1 - share) + log(far) * share), ssim
    return points[-1][1], points[-1][0]


def _of(found: dict[str, Found], photo: str, style: str, arm: str, seeds: int) -> list[Found]:
    keys = [Cell(photo, style, arm, seed).key for seed in range(seeds)]
    return [found[key] for key in keys if key in found]


def strip(photo: str, style: str, painted: list[Image.Image]) -> Image.Image:
    """Photograph, style, and results side by side, at the results' height."""
    height = painted[0].height
    pictures = [Image.open(samples.photo(photo)), Image.open(samples.style(style)), *painted]
    level = [one.convert("RGB").resize((round(one.width * height / one.height), height)) for one in pictures]
    sheet = Image.new("RGB", (sum(one.width for one in level) + GAP * (len(level) - 1), height), "white")
    left = 0
    for one in level:
        sheet.paste(one, (left, 0))
        left += one.width + GAP
    return sheet


def main() -> None:
    """Paint what is not there yet, keep every score, and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--pairs", type=int, default=len(PAIRS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--weights", type=Path, default=None)
    parser.add_argument("--output", type=Path, default=None)
    parser.add_argument("--gallery", type=Path, default=None)
    asked = parser.parse_args()
    named = find_default_weights()
    weights = asked.weights or (None if named is None else Path(named))
    output = asked.output or Path(__file__).parent / f"quality-{asked.size}.json"
    kept = json.loads(output.read_text(encoding="utf-8"))["cells"] if output.exists() else {}
    found = {key: Found(**one) for key, one in kept.items()}
    arms = specs(weights, asked.size)
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    about = machine.description(torch.device("cpu"))
    console.print(", ".join(f"{name}: {value}" for name, value in about.items()))
    shown: dict[tuple[str, str], list[Image.Image]] = {}
    for cell in cells(arms, asked.pairs, asked.seeds):
        wanted = asked.gallery is not None and cell.seed == 0 and cell.arm in ("paper", "npnd", "bare 0.5", "VGG-19")
        if cell.key in found and found[cell.key].spec == arms[cell.arm].digest and not wanted:
            continue
        result, one = paint(cell, arms[cell.arm], weights)
        found[cell.key] = one
        if wanted:
            shown.setdefault((cell.photo, cell.style), []).append(result.to_pil())
        console.print(f"{cell.key}: {one.seconds} s, SSIM {one.scores['ssim']:.3f}")
        scores = {key: each._asdict() for key, each in found.items()}
        text = {"machine": about, "date": time.strftime("%Y-%m-%d"), "cells": scores}
        output.write_text(json.dumps(text, indent=1) + "\n", encoding="utf-8")
    for (photo, style), painted in shown.items():
        asked.gallery.mkdir(parents=True, exist_ok=True)
        file = asked.gallery / f"{photo}-{style}-{asked.size}.jpg"
        strip(photo, style, painted).save(file, quality=85, optimize=True)
    show(console, by_arm(found, arms, asked.pairs, asked.seeds))
    judges = [*(["vgg-unseen"] if weights is not None else []), *WEIGHT_FREE]
    for judge in judges:
        show(console, against(found, "npnd", judge, asked.pairs, asked.seeds))
    if weights is not None:
        for judge in WEIGHT_FREE:
            show(console, against(found, "VGG-19", judge, asked.pairs, asked.seeds))


if __name__ == "__main__":
    main()
