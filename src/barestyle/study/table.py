"""The results of a study as numbers: by variant, optimiser and metric, for each pair and seed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from barestyle.study.declared import Study
from barestyle.study.store import Row

Key = tuple[str, str, int]
"""Content, style, seed."""


@dataclass(frozen=True)
class Table:
    """A study and its rows, found by the spec's digest that they share."""

    study: Study
    rows: tuple[Row, ...]
    metrics: Mapping[str, Mapping[str, str]]

    def cells(self, variant: str, optimiser: str) -> dict[Key, Row]:
        """The done cells of a variant by pair and seed; one that is not drawn stands for every seed.

        Raises KeyError for a variant or an optimiser that the study does not have.
        """
        declared = self.study.variant(variant)
        chosen = next((one for one in self.study.optimisers if one.name == optimiser), None)
        if declared is None or chosen is None:
            raise KeyError(f"{variant}@{optimiser}")
        spec = self.study.spec(declared, chosen)
        pairs = {(pair.content, pair.style) for pair in self.study.pairs}
        found = {
            (row.content, row.style, row.seed): row
            for row in self.rows
            if row.digest == spec.digest and row.state == "done" and (row.content, row.style) in pairs
        }
        if spec.network.is_drawn:
            return {key: row for key, row in found.items() if key[2] in self.study.seeds}
        return {(*key[:2], seed): row for key, row in found.items() for seed in self.study.seeds}

    def values(self, variant: str, optimiser: str, metric: str) -> dict[Key, float]:
        """A metric by pair and seed, on the scale on which it is compared: lower is better.

        The logarithm of a distance, so that differences are ratios; minus a similarity.
        """
        higher = self.metrics[metric]["better"] == "higher"
        return {
            key: -row.scores[metric] if higher else math.log(max(row.scores[metric], SMALLEST))
            for key, row in self.cells(variant, optimiser).items()
            if metric in row.scores
        }


SMALLEST = 1e-12
"""A distance of nothing, as its logarithm is taken: below what float32 leaves of any of them."""
