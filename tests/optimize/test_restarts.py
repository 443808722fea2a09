"""Restarts: reseeding, the perturbation after a repeated loss, and giving up."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterable

import pytest
import torch
from torch import Tensor

from barestyle.errors import DivergedError
from barestyle.objective import Evaluation
from barestyle.optimize import Minimizer, Restarts
from barestyle.spec import LBFGS, PaperLBFGS
from barestyle.stop_reasons import StopReason

START = torch.full((1, 3, 4, 4), 0.5)


def search_over(losses: Iterable[float]) -> Minimizer:
    remaining = iter(losses)

    def evaluate(image: Tensor) -> Evaluation:
        return Evaluation(torch.tensor(next(remaining)), {}, image - 0.7)

    return Minimizer(evaluate, START, PaperLBFGS(steps=1, iterations_per_step=4))


def test_an_explosion_takes_the_next_seed() -> None:
    seeds: list[tuple[int, bool]] = []

    def attempt(seed: int, perturbed: bool) -> Minimizer:
        seeds.append((seed, perturbed))
        return search_over([3.0, torch.inf] if len(seeds) == 1 else [3.0, 2.0, 1.0, 0.5, 0.4])

    restarts = Restarts(attempt, seed=7, limit=3)
    iterates = list(restarts)
    assert seeds == [(7, False), (8, False)]
    assert (restarts.count, restarts.seed, restarts.perturbed) == (1, 8, False)
    assert [iterate.loss for iterate in iterates][:3] == [3.0, 3.0, 2.0], "the second attempt begins anew"
    assert restarts.best_so_far.selected is iterates[-1]
    assert restarts.ending.reason in (StopReason.STEPS_TAKEN, StopReason.STEPS_CUT_SHORT)


def test_the_same_last_loss_twice_perturbs_the_start() -> None:
    """Paper, section 3: a network without randomness explodes in the same way at every seed."""
    asked: list[bool] = []

    def attempt(_seed: int, perturbed: bool) -> Minimizer:
        asked.append(perturbed)
        return search_over([1.0, 0.9, 0.8, 0.7, 0.6] if perturbed else [3.0, torch.nan])

    restarts = Restarts(attempt, seed=0, limit=10)
    list(restarts)
    assert asked == [False, False, True]
    assert restarts.perturbed


def test_different_last_losses_do_not_perturb() -> None:
    asked: list[bool] = []

    def attempt(_seed: int, perturbed: bool) -> Minimizer:
        asked.append(perturbed)
        return search_over([3.0 + len(asked), torch.nan] if len(asked) < 4 else [1.0] * 5)

    list(Restarts(attempt, seed=0, limit=10))
    assert asked == [False] * 4


def test_the_last_allowed_explosion_raises_an_error_with_its_code() -> None:
    restarts = Restarts(lambda *_: search_over([torch.nan]), seed=0, limit=2)
    with pytest.raises(DivergedError, match=r"at every start \(3 in all\); use smaller weights") as raised:
        list(restarts)
    assert raised.value.stop_reason is StopReason.RESTARTS_EXHAUSTED


def test_a_start_that_is_not_finite_has_a_code_of_its_own() -> None:
    """A robust method takes no restart, and raises only if the start itself has no finite loss."""
    start_is_nan = Minimizer(
        lambda image: Evaluation(torch.tensor(torch.nan), {}, torch.zeros_like(image)), START, LBFGS()
    )
    with pytest.raises(DivergedError, match="loss of the starting image") as raised:
        list(Restarts(lambda *_: start_is_nan, seed=0, limit=0))
    assert raised.value.stop_reason is StopReason.START_NOT_FINITE


def test_an_attempt_that_exploded_is_not_kept_in_memory() -> None:
    searches: list[weakref.ref[Minimizer]] = []

    def attempt(_seed: int, _perturbed: bool) -> Minimizer:
        gc.collect()
        assert all(search() is None for search in searches), "an earlier attempt's images would fill the memory"
        search = search_over([3.0, torch.nan] if len(searches) < 2 else [3.0, 2.0, 1.0, 0.5, 0.4])
        searches.append(weakref.ref(search))
        return search

    list(Restarts(attempt, seed=0, limit=3))
    assert len(searches) == 3
