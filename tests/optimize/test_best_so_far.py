"""The best and the selected iterate."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from barestyle.optimize import BestSoFar, Iterate, Minimizer
from barestyle.spec import Adam
from tests.optimize.problems import NO_PLATEAU, START, rosenbrock


def test_the_best_iterate_is_selected_though_a_later_one_is_worse() -> None:
    minimizer = Minimizer(rosenbrock, START, Adam(steps=4, learning_rate=0.3, **NO_PLATEAU))
    losses = [iterate.loss for iterate in minimizer]
    assert minimizer.best_so_far is not None
    assert minimizer.best_so_far.selected.loss == min(losses) < losses[-1]


def make_iterates(*losses: float) -> list[Iterate]:
    return [Iterate(step, torch.full_like(START, step / 10), loss, {}, 0.0, step) for step, loss in enumerate(losses)]


@pytest.mark.parametrize("select_best", [True, False])
def test_a_saved_pair_is_restored(select_best: bool) -> None:
    pair = None
    for iterate in make_iterates(3.0, 1.0, 2.0):
        pair = BestSoFar.update(pair, iterate, select_best=select_best)
    assert pair is not None
    assert (pair.best.step, pair.selected.step) == (1, 1 if select_best else 2)
    restored = BestSoFar.from_state(pair.state(), torch.device("cpu"))
    assert (restored.best.step, restored.selected.step) == (pair.best.step, pair.selected.step)
    assert torch.equal(restored.selected.image, pair.selected.image)
    assert (restored.best is restored.selected) is select_best


def test_the_first_of_equal_losses_is_the_best() -> None:
    pair = None
    for iterate in make_iterates(2.0, 1.0, 1.0):
        pair = BestSoFar.update(pair, iterate, select_best=True)
    assert pair is not None
    assert pair.best.step == 1


def test_a_mapping_is_applied_once_to_an_iterate_that_is_both() -> None:
    first, second = make_iterates(3.0, 1.0)
    calls: list[int] = []

    def shift(iterate: Iterate) -> Iterate:
        calls.append(iterate.step)
        return replace(iterate, step=iterate.step + 10)

    same = BestSoFar(second, second).map(shift)
    assert same.best is same.selected
    assert calls == [1]
    other = BestSoFar(second, first).map(shift)
    assert (other.best.step, other.selected.step) == (11, 10)
