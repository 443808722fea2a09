"""The results of a study by variant, optimizer and metric, for each pair and seed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from barestyle.spec import Spec
from barestyle.study.cell import CellResult
from barestyle.study.declaration import Study

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
    """

    study: Study
    results: tuple[CellResult, ...]
    metrics: Mapping[str, Mapping[str, str]]
    favored: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def find_results(self, variant: str, optimizer: str) -> dict[PairAndSeed, CellResult]:
        """Return the done cells of a variant by pair and seed; without a random network, of the first seed only.

        Raises KeyError for a variant or an optimizer that the study does not have.
        """
        spec = self.specs[variant, optimizer]
        pairs = {(pair.content, pair.style) for pair in self.study.pairs}
        seeds = self.study.seeds if spec.network.is_random else self.study.seeds[:1]
        return {
            (result.cell.content, result.cell.style, result.cell.seed): result
            for result in self._done_by_digest.get(spec.digest, ())
            if (result.cell.content, result.cell.style) in pairs and result.cell.seed in seeds
        }

    def is_random(self, variant: str, optimizer: str) -> bool:
        """Return whether a variant has a cell for every seed. Raises KeyError as `find_results` does."""
        return self.specs[variant, optimizer].network.is_random

    def find_values(
        self, variant: str, optimizer: str, metric: str, *, every_seed: bool = False
    ) -> dict[PairAndSeed, float]:
        """Return a metric by pair and seed, on the scale on which it is compared; lower is better.

        Distances are returned as logarithms, so that differences are ratios, and similarities are negated. With
        `every_seed` the single cell of a network that is not random is repeated for every seed, to be compared with
        a random one.
        """
        is_similarity = self.metrics[metric]["scale"] == "similarity"
        values = {
            key: -result.scores[metric] if is_similarity else math.log(max(result.scores[metric], SMALLEST_DISTANCE))
            for key, result in self.find_results(variant, optimizer).items()
            if metric in result.scores
        }
        if not every_seed or self.is_random(variant, optimizer):
            return values
        return {(*key[:2], seed): value for key, value in values.items() for seed in self.study.seeds}

    @cached_property
    def specs(self) -> dict[tuple[str, str], Spec]:
        """The spec of every variant and optimizer; cached, because claims ask for thousands."""
        return {
            (variant.variant, optimizer.name): self.study.build_spec(variant, optimizer)
            for variant in self.study.variants
            for optimizer in self.study.optimizers
        }

    @cached_property
    def _done_by_digest(self) -> dict[str, list[CellResult]]:
        """The done cells by their spec's digest, which variants with the same spec share."""
        by_digest: dict[str, list[CellResult]] = {}
        for result in self.results:
            if result.state == "done":
                by_digest.setdefault(result.cell.spec.digest, []).append(result)
        return by_digest
