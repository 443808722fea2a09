"""Claims about what can be seen: the distance between images, relative to that between two seeds."""

from __future__ import annotations

import math
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image

from barestyle.metrics.structure import image_distance
from barestyle.study.cell import CellResult
from barestyle.study.claims import Claim, load_claims
from barestyle.study.compare import compare_images
from barestyle.study.findings import list_cells
from barestyle.study.load_table import load_table
from barestyle.study.resolve import ResolvedStudy
from barestyle.study.store import Store
from barestyle.study.table import comparison_name
from barestyle.study.verdicts import judge
from barestyle.study.visibility import VISIBILITY, find_visibility, is_judged_by_visibility
from barestyle.study.yaml_loader import load
from tests.study.conftest import RunHere
from tests.study.tables import judge_claim, make_table, with_pairs

PAPER = with_pairs(load("paper"), 8)


@pytest.mark.parametrize(("ratio", "expected"), [(1.0, "supported"), (1.2, "supported"), (2.0, "contradicted")])
def test_no_visible_difference_is_one_as_small_as_that_of_two_seeds(ratio: float, expected: str) -> None:
    verdict = judge_claim("content-none", make_table(PAPER, visible_ratio=ratio))
    assert verdict.word == expected
    finding = next(finding for finding in verdict.findings if finding.metric == VISIBILITY)
    assert math.exp(finding.effect) == pytest.approx(ratio)


@pytest.mark.parametrize(("ratio", "expected"), [(2.0, "supported"), (1.1, "contradicted")])
def test_a_visible_improvement_differs_by_more_than_two_seeds(ratio: float, expected: str) -> None:
    table = make_table(PAPER, lambda variant, _: -0.5 * (variant == "binarized"), visible_ratio=ratio)
    assert judge_claim("binarized", table).word == expected


def test_obviously_better_than_the_best_is_visible_beside_each_of_them() -> None:
    """One of the four Gaussians looks like the uniform weights, and the others do not."""
    study = with_pairs(load("fig4"), 8)
    table = make_table(study, lambda variant, _: -0.6 * (variant == "uniform-0.1"), visible_ratio=3.0)
    assert judge_claim("uniform-best", table).word == "supported"
    digest = table.specs["gaussian-0.05", "robust"].digest
    uniform = table.specs["uniform-0.1", "robust"].digest
    by_key = {result.cell.key: result.cell.spec.digest for result in table.results}
    alike = {
        comparison_name(first, second): 0.2
        for first in table.results
        for second in table.results
        if (by_key[first.cell.key], by_key[second.cell.key]) == (uniform, digest)
    }
    changed = replace(table, comparisons={**table.comparisons, **alike})
    assert judge_claim("uniform-best", changed).word == "contradicted"


def test_without_a_second_seed_visibility_is_left_out() -> None:
    one_seed = PAPER.model_copy(update={"seeds": (0,)})
    claim = next(claim for claim in load_claims() if claim.id == "content-none")
    assert is_judged_by_visibility(claim, make_table(PAPER), "robust")
    table = make_table(one_seed)
    assert not is_judged_by_visibility(claim, table, "robust")
    assert VISIBILITY not in {finding.metric for finding in judge_claim("content-none", table).findings}
    seeds = one_seed.model_copy(update={"variant_seeds": {"binary": (0, 1)}})
    assert is_judged_by_visibility(claim, make_table(seeds), "robust")


def test_the_variant_with_two_seeds_is_run_for_the_claim() -> None:
    claim = next(claim for claim in load_claims() if claim.id == "content-none")
    assert list_cells(claim, make_table(PAPER), "robust") == [
        ("no-content", "robust"),
        ("original", "robust"),
        ("binary", "robust"),
    ]


CLAIM = Claim(
    id="x", section="", statement="", kind="equivalent", subject=("eight",), reference=("gauss",), visibility="four"
)


def read_pixels(store: Store, result: CellResult) -> torch.Tensor:
    data = store.read_image(result)
    assert data is not None
    with Image.open(BytesIO(data)) as image:
        return torch.from_numpy(np.asarray(image) / np.float32(255)).permute(2, 0, 1)[None]


def test_images_of_the_store_are_compared_once(store: Store, small: ResolvedStudy, run_here: RunHere) -> None:
    results = run_here(small, store)
    by_name = {(result.cell.variants[0], result.cell.seed): result for result in results}
    # Two variants with two seeds each, and two seeds of one variant.
    assert compare_images(store, [CLAIM]) == 2 * 2 + 1
    assert compare_images(store, [CLAIM]) == 0
    values = find_visibility(CLAIM, load_table(store), "robust")
    eights, gausses, fours = (
        [read_pixels(store, by_name[name, i]) for i in (0, 1)] for name in ("eight", "gauss", "four")
    )
    claimed = np.mean([math.log(image_distance(a, b)) for a in eights for b in gausses])
    (value,) = values.values()
    assert value == pytest.approx(claimed - math.log(image_distance(*fours)), rel=1e-3)


def test_a_pair_whose_images_are_missing_is_left_out(store: Store, small: ResolvedStudy) -> None:
    compare_images(store, [CLAIM])
    assert find_visibility(CLAIM, load_table(store), "robust") == {}
    (verdict,) = judge([CLAIM], load_table(store))
    assert verdict.word == "untested"


def test_the_distance_of_images_grows_from_0_to_1() -> None:
    random = torch.Generator().manual_seed(0)
    image = torch.rand(1, 3, 64, 64, generator=random)
    noise = torch.rand(1, 3, 64, 64, generator=random)
    distances = [image_distance(image, image + amount * (noise - image)) for amount in (0.0, 0.2, 0.5, 1.0)]
    assert distances[0] == pytest.approx(0, abs=1e-6)
    assert distances == sorted(distances)
    assert 0.5 < distances[-1] <= 1
    one_channel = image.clone()
    one_channel[:, 0] = noise[:, 0]
    assert image_distance(image, one_channel) == pytest.approx(image_distance(one_channel, image), rel=1e-4)
    assert 0 < image_distance(image, one_channel) < distances[-1], "color counts"
