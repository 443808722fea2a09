"""The results of a study as numbers: by variant, optimizer and metric, for each pair and seed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from barestyle.spec import Spec
from barestyle.study.declaration import Study
from barestyle.study.rows import Row

Key = tuple[str, str, int]
"""Content, style, seed."""


@dataclass(frozen=True)
class Table:
    """A study and its declared cells' rows, found by the spec's digest that they share.

    `favored` has by metric the variants that it would grade by their own objective.
    """

    study: Study
    rows: tuple[Row, ...]
    metrics: Mapping[str, Mapping[str, str]]
    favored: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def cells(self, variant: str, optimizer: str) -> dict[Key, Row]:
        """The done cells of a variant by pair and seed; a network that is not drawn has the first seed only.

        Raises KeyError for a variant or an optimizer that the study does not have.
        """
        spec = self._spec(variant, optimizer)
        pairs = {(pair.content, pair.style) for pair in self.study.pairs}
        found = {
            (row.content, row.style, row.seed): row
            for row in self._done.get(spec.digest, ())
            if (row.content, row.style) in pairs
        }
        seeds = self.study.seeds if spec.network.is_drawn else self.study.seeds[:1]
        return {key: row for key, row in found.items() if key[2] in seeds}

    def is_drawn(self, variant: str, optimizer: str) -> bool:
        """Whether a variant has a cell for every seed. Raises KeyError as `cells` does."""
        return self._spec(variant, optimizer).network.is_drawn

    def values(self, variant: str, optimizer: str, metric: str, *, every_seed: bool = False) -> dict[Key, float]:
        """A metric by pair and seed, on the scale on which it is compared: lower is better.

        The logarithm of a distance, so that differences are ratios; minus a similarity. With `every_seed` the one
        cell of a network that is not drawn stands for every seed, to be compared with one that is.
        """
        higher = self.metrics[metric]["better"] == "higher"
        values = {
            key: -row.scores[metric] if higher else math.log(max(row.scores[metric], SMALLEST))
            for key, row in self.cells(variant, optimizer).items()
            if metric in row.scores
        }
        if not every_seed or self.is_drawn(variant, optimizer):
            return values
        return {(*key[:2], seed): value for key, value in values.items() for seed in self.study.seeds}

    def _spec(self, variant: str, optimizer: str) -> Spec:
        return self._specs[variant, optimizer]

    @cached_property
    def _specs(self) -> dict[tuple[str, str], Spec]:
        """Every spec once: to make and check one takes a millisecond, and claims ask for thousands."""
        return {
            (variant.variant, optimizer.name): self.study.spec(variant, optimizer)
            for variant in self.study.variants()
            for optimizer in self.study.optimizers
        }

    @cached_property
    def _done(self) -> dict[str, list[Row]]:
        """The done cells by their spec's digest."""
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            if row.state == "done":
                found.setdefault(row.digest, []).append(row)
        return found


SMALLEST = 1e-12
"""A distance of nothing, as its logarithm is taken: below what float32 leaves of any of them."""
