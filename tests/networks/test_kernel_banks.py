"""Hand-made banks against the paper's counts and definitions (section 6.2)."""

from __future__ import annotations

import pytest
import torch

from barestyle.networks.kernel_banks import BASIC_SETS, STRATEGIES, build_bank
from barestyle.spec.network import BASIC_SET_SIZES, STRATEGY_FACTORS


@pytest.mark.parametrize(("basic_set", "strategy", "filters"), [(1, 4, 32), (2, 1, 18), (3, 3, 64)])
def test_the_papers_counts(basic_set: int, strategy: int, filters: int) -> None:
    assert build_bank(basic_set, strategy, 0.1).shape == (filters, 3, 2, 2)


def test_the_spec_counts_what_the_bank_builds() -> None:
    assert {number: len(kernels) for number, kernels in BASIC_SETS.items()} == BASIC_SET_SIZES
    assert {number: len(colors) for number, colors in STRATEGIES.items()} == STRATEGY_FACTORS


def test_the_line_kernels_are_the_papers() -> None:
    a = 0.25
    red = build_bank(1, 1, a)[0::3, 0]
    expected = [[[-a, -a], [a, a]], [[a, a], [-a, -a]], [[a, -a], [a, -a]], [[-a, a], [-a, a]]]
    assert red.tolist() == expected


def test_strategy_1_works_on_one_channel_each() -> None:
    assert (build_bank(3, 1, 0.1).abs().amax((2, 3)) > 0).sum(1).tolist() == [1] * 24


def test_strategies_2_and_4_are_the_subsets_without_and_with_the_empty_one() -> None:
    subsets = {tuple(row) for row in (build_bank(1, 4, 0.1)[:8].abs().amax((2, 3)) > 0).tolist()}
    assert len(subsets) == 8
    without = {tuple(row) for row in (build_bank(1, 2, 0.1)[:7].abs().amax((2, 3)) > 0).tolist()}
    assert subsets - without == {(False, False, False)}


def test_strategy_3_gives_every_channel_the_kernel_or_its_negative() -> None:
    first = build_bank(1, 3, 0.1)[:8]
    kernel = torch.tensor(BASIC_SETS[1][0]) * 0.1
    signs = {tuple(torch.sign(f[:, 1, 1]).int().tolist()) for f in first}
    assert len(signs) == 8
    for f in first:
        for channel in f:
            assert torch.equal(channel, kernel) or torch.equal(channel, -kernel)


def test_only_sets_2_and_3_respond_to_flat_color() -> None:
    """The paper's explanation of why set 1 performs badly: no kernel responds to a constant."""
    assert float(build_bank(1, 4, 0.1).sum((2, 3)).abs().max()) == 0
    assert float(build_bank(2, 4, 0.1).sum((2, 3)).abs().max()) > 0
