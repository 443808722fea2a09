"""The results of a study by variant, optimizer and metric, averaged over seeds for each pair of images."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from statistics import fmean

from barestyle.spec import Spec
from barestyle.study.cell import CellResult
from barestyle.study.declaration import Study, Variant

PairName = tuple[str, str]
"""Content and style."""

PairAndSeed = tuple[str, str, int]
"""Content, style, seed."""

SMALLEST_DISTANCE = 1e-12
"""Replaces a distance of 0 before its logarithm is taken; float32 resolves none of the distances as finely."""


@dataclass(frozen=True)
class Table:
    """A study and the results of its cells.

    Attributes:
        study: the study.
        results: of every cell, in any state.
        metrics: label, reference (content or style) and scale (distance or similarity) of each metric.
        favored: by metric, the variants whose own objective the metric is close to.
        comparisons: distances between the images of two cells, by `comparison_name`.
    """

    study: Study
    results: tuple[CellResult, ...]
    metrics: Mapping[str, Mapping[str, str]]
    favored: Mapping[str, Sequence[str]] = field(default_factory=dict)
    comparisons: Mapping[str, float] = field(default_factory=dict)

    def find_all(self, variant: str, optimizer: str) -> dict[PairAndSeed, CellResult]:
        """Return the cells of a variant by pair and seed, in any state.

        Raises KeyError for a variant or an optimizer that the study does not have.
        """
        spec = self.specs[variant, optimizer]
        pairs = {(pair.content, pair.style) for pair in self.study.pairs}
        seeds = self.study.seeds_of(variant, spec)
        return {
            (result.cell.content, result.cell.style, result.cell.seed): result
            for result in self._by_digest.get(spec.digest, ())
            if (result.cell.content, result.cell.style) in pairs and result.cell.seed in seeds
        }

    def find_results(self, variant: str, optimizer: str) -> dict[PairAndSeed, CellResult]:
        """Return the done cells of a variant by pair and seed. Raises KeyError as `find_all` does."""
        return {key: result for key, result in self.find_all(variant, optimizer).items() if result.state == "done"}

    def find_values(self, variant: str, optimizer: str, metric: str) -> dict[PairName, float]:
        """Return a metric by pair, averaged over seeds on the scale on which it is compared; lower is better.

        Distances are returned as logarithms, so that differences are ratios, and similarities are negated. Raises
        KeyError as `find_all` does.
        """
        is_similarity = self.metrics[metric]["scale"] == "similarity"

        def convert(score: float) -> float:
            return -score if is_similarity else math.log(max(score, SMALLEST_DISTANCE))

        by_pair = self.find_scores(variant, optimizer, metric)
        return {pair: fmean(map(convert, scores)) for pair, scores in by_pair.items()}

    def find_scores(self, variant: str, optimizer: str, metric: str) -> dict[PairName, list[float]]:
        """Return a metric by pair, one number for each seed that is done. Raises KeyError as `find_all` does."""
        by_pair: dict[PairName, list[float]] = {}
        for (content, style, _), result in self.find_results(variant, optimizer).items():
            if metric in result.scores:
                by_pair.setdefault((content, style), []).append(result.scores[metric])
        return by_pair

    def count_ended_pairs(self, names: Sequence[tuple[str, str]]) -> int:
        """Return how many of the study's pairs, from the first one on, have no waiting cell of any of the variants.

        Args:
            names: variants and optimizers. A variant that the study does not have has no cells.
        """
        known = [name for name in names if name in self.specs]
        states = [self.find_all(*name) for name in known]
        for i, pair in enumerate(self.study.pairs):
            for name, results in zip(known, states, strict=True):
                for seed in self.study.seeds_of(name[0], self.specs[name]):
                    result = results.get((pair.content, pair.style, seed))
                    if result is None or result.state == "waiting":
                        return i
        return len(self.study.pairs)

    @cached_property
    def specs(self) -> dict[tuple[str, str], Spec]:
        """The spec of every variant and optimizer; cached, because claims ask for thousands."""
        return {
            (variant.variant, optimizer.name): self.study.build_spec(variant, optimizer)
            for variant in self.study.variants
            for optimizer in self.study.optimizers
        }

    def find_first(self, variant: Variant, optimizer: str, pair: PairName) -> CellResult | None:
        """Return the done cell of a variant on a pair with the first of its seeds that has one, or None."""
        results = self.find_results(variant.variant, optimizer)
        seeds = self.study.seeds_of(variant.variant, self.specs[variant.variant, optimizer])
        return next((results[*pair, seed] for seed in seeds if (*pair, seed) in results), None)

    @cached_property
    def _by_digest(self) -> dict[str, list[CellResult]]:
        """The cells by their spec's digest, which variants with the same spec share."""
        by_digest: dict[str, list[CellResult]] = {}
        for result in self.results:
            by_digest.setdefault(result.cell.spec.digest, []).append(result)
        return by_digest


def comparison_name(first: CellResult, second: CellResult) -> str:
    """Return the name of the distance between the images of two cells, in either order."""
    return "-".join(sorted((first.cell.key, second.cell.key)))
