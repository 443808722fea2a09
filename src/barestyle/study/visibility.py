"""Visibility: how much the images of two variants differ, relative to those of one variant with two seeds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations, product

from barestyle.study.cell import CellResult
from barestyle.study.claims import Claim
from barestyle.study.table import SMALLEST_DISTANCE, PairName, Table, comparison_name

VISIBILITY = "visibility"
"""Name of this judge among the metrics of a claim."""

ImagePair = tuple[CellResult, CellResult]


def is_judged_by_visibility(claim: Claim, table: Table, optimizer: str) -> bool:
    """Return whether a claim is about what can be seen, and the study has a variant with two seeds to compare with."""
    name = claim.visibility, optimizer
    return name in table.specs and len(table.study.seeds_of(claim.visibility, table.specs[name])) > 1


def list_image_pairs(
    claim: Claim, table: Table, optimizer: str, references: Sequence[str] | None = None
) -> dict[PairName, tuple[list[ImagePair], list[ImagePair]]]:
    """Return, for each pair of images, the results to compare: those of the claim, and those of two seeds.

    With `references`, only these of the claim's are compared. Raises KeyError if the study does not have a variant of
    the claim.
    """
    pairs = {}
    columns = [
        [table.find_results(variant, optimizer) for variant in side]
        for side in (claim.subject or (), references or claim.reference or ())
    ]
    seeds = table.find_results(claim.visibility, optimizer)
    for pair in ((pair.content, pair.style) for pair in table.study.pairs):
        subjects, others = ([result for column in side for result in _select(column, pair)] for side in columns)
        pairs[pair] = list(product(subjects, others)), list(combinations(_select(seeds, pair), 2))
    return pairs


def _select(results: dict[tuple[str, str, int], CellResult], pair: PairName) -> list[CellResult]:
    return [result for key, result in sorted(results.items()) if key[:2] == pair]


def missing_comparisons(claims: Sequence[Claim], table: Table) -> Iterator[ImagePair]:
    """Yield every two results whose images are to be compared and have not been compared yet, each once."""
    seen: set[str] = set()
    for claim, optimizer in product(claims, (each.name for each in table.study.optimizers)):
        if not is_judged_by_visibility(claim, table, optimizer):
            continue
        try:
            pairs = list_image_pairs(claim, table, optimizer)
        except KeyError:  # the study does not have a variant of the claim
            continue
        for first, second in (images for lists in pairs.values() for each in lists for images in each):
            name = comparison_name(first, second)
            if name not in table.comparisons and name not in seen and first.has_image and second.has_image:
                seen.add(name)
                yield first, second


def find_visibility(
    claim: Claim, table: Table, optimizer: str, references: Sequence[str] | None = None
) -> dict[PairName, float]:
    """Return the log ratio of the distance between subject and reference to that between two seeds, by pair.

    With `references`, only these of the claim's are compared. Pairs whose images have not all been compared are left
    out. Raises KeyError as `list_image_pairs` does.
    """
    values = {}
    for pair, (claimed, seeds) in list_image_pairs(claim, table, optimizer, references).items():
        names = [[comparison_name(*images) for images in each] for each in (claimed, seeds)]
        if all(each and all(name in table.comparisons for name in each) for each in names):
            means = [
                sum(math.log(max(table.comparisons[name], SMALLEST_DISTANCE)) for name in each) / len(each)
                for each in names
            ]
            values[pair] = means[0] - means[1]
    return values
