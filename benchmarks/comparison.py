"""Tables of outcomes: each arm's scores, and `bare` against another arm at equal distance from the content."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from math import exp, log
from statistics import median
from typing import NamedTuple

from barestyle.metrics import METRICS
from benchmarks.arms import STRENGTHS
from benchmarks.pairs import Pair
from benchmarks.tables import Table

BOUNDARIES = "boundaries"
"""Among scores, the F-measure of edges against boundaries; photographs without a map of boundaries do not have it."""

CONTENT_METRICS = ("ssim", "vgg-content")
"""Metrics at whose values arms can be compared."""


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


def compare_arms(
    outcomes: dict[str, Outcome], arms: Iterable[str], pairs: Sequence[Pair], seeds: int, names: Sequence[str]
) -> Table:
    """Return the median of each metric by arm, with the minimum and maximum of the pairs' medians.

    Of the metrics in `names`, those that some result has; a pair without a metric does not count for it.
    """
    selected = {arm: [select(outcomes, pair, arm, seeds) for pair in pairs] for arm in arms}
    available = {name for by_pair in selected.values() for cells in by_pair for cell in cells for name in cell.scores}
    metrics = [name for name in names if name in available]
    table = Table("Arms: median over pairs of the median over seeds", ("arm", *metrics, "evaluations", "seconds"))
    for arm, by_pair in selected.items():
        flat = [outcome for cells in by_pair for outcome in cells]
        table.add(
            arm,
            *[_format_medians(by_pair, name) for name in metrics],
            round(median(outcome.evaluations for outcome in flat)),
            f"{median(outcome.seconds for outcome in flat):.0f}",
        )
    return table


def _format_medians(by_pair: Sequence[Sequence[Outcome]], name: str) -> str:
    medians = [
        median(outcome.scores[name] for outcome in cells)
        for cells in by_pair
        if all(name in outcome.scores for outcome in cells)
    ]
    return f"{median(medians):.3g} ({min(medians):.3g} to {max(medians):.3g})" if medians else ""


def compare_with_arm(
    outcomes: dict[str, Outcome], other: str, metric: str, pairs: Sequence[Pair], seeds: int, at: str = "ssim"
) -> Table:
    """Compare `bare` with another arm by a distance, by pair; a ratio below 1 means that `bare` is closer.

    `at` is the metric at whose value of the other arm `bare` is interpolated between its strengths.
    """
    title = "SSIM" if at == "ssim" else at
    table = Table(
        f"bare against {other} by {metric}, at the {title} of {other}",
        ("pair", f"{title} of {other}", other, "bare", "ratio (minimum to maximum over seeds)"),
    )
    table.note = f"{title} in brackets: the closest that the strengths of bare reach, if they do not reach the other's."
    for pair in pairs:
        others = select(outcomes, pair, other, seeds)
        ratios, targets, values, reached = [], [], [], []
        for seed in range(seeds):
            scores = others[min(seed, len(others) - 1)].scores
            curve = [
                outcomes[Cell(pair.content, pair.style, f"bare {strength:g}", seed).key].scores
                for strength in STRENGTHS
            ]
            value, closest = interpolate(curve, metric, scores[at], at)
            values.append(value)
            reached.append(closest)
            targets.append(scores[at])
            ratios.append(value / scores[metric])
        note = "" if abs(median(reached) - median(targets)) < 5e-3 else f" [{median(reached):.3f}]"
        table.add(
            pair.name,
            f"{median(targets):.3f}{note}",
            f"{median(outcome.scores[metric] for outcome in others):.4f}",
            f"{median(values):.4f}",
            f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
        )
    return table


def interpolate(curve: Sequence[dict[str, float]], metric: str, target: float, at: str = "ssim") -> tuple[float, float]:
    """Return a distance where the metric `at` has the target's value, and the closest value of `at` available.

    Interpolated geometrically between the strengths of a curve; along `at` by differences of a similarity, or of
    logarithms of a distance, as `Metric.scale` compares them.
    """
    scale = log if METRICS[at].scale == "distance" else float
    points = sorted((scores[at], scores[metric]) for scores in curve)
    if target <= points[0][0]:
        return points[0][1], points[0][0]
    for (low, near), (high, far) in itertools.pairwise(points):
        if target <= high:
            share = (scale(target) - scale(low)) / (scale(high) - scale(low))
            return exp(log(near) * (1 - share) + log(far) * share), target
    return points[-1][1], points[-1][0]


def select(outcomes: dict[str, Outcome], pair: Pair, arm: str, seeds: int) -> list[Outcome]:
    """Return the outcomes of a pair and an arm, by seed."""
    keys = [Cell(pair.content, pair.style, arm, seed).key for seed in range(seeds)]
    return [outcomes[key] for key in keys if key in outcomes]
