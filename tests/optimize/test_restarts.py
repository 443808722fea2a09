"""Restarts: the next seed, the perturbation after a repeated loss, and the limit."""

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


def minimize_over(losses: Iterable[float]) -> Minimizer:
    remaining = iter(losses)

    def evaluate(image: Tensor) -> Evaluation:
        return Evaluation(torch.tensor(next(remaining)), {}, image - 0.7)

    return Minimizer(evaluate, START, PaperLBFGS(steps=1, iterations_per_step=4))


def test_after_an_explosion_the_next_seed_is_used() -> None:
    seeds: list[tuple[int, bool]] = []

    def attempt(seed: int, perturbed: bool) -> Minimizer:
        seeds.append((seed, perturbed))
        return minimize_over([3.0, torch.inf] if len(seeds) == 1 else [3.0, 2.0, 1.0, 0.5, 0.4])

    restarts = Restarts(attempt, seed=7, limit=3)
    iterates = list(restarts)
    assert seeds == [(7, False), (8, False)]
    assert (restarts.count, restarts.seed, restarts.perturbed) == (1, 8, False)
    assert [iterate.loss for iterate in iterates][:3] == [3.0, 3.0, 2.0], "the second attempt starts from the beginning"
    assert restarts.best_so_far.selected is iterates[-1]
    assert restarts.ending.reason in (StopReason.STEPS_TAKEN, StopReason.STEPS_CUT_SHORT)


def test_the_same_last_loss_twice_perturbs_the_start() -> None:
    """Paper, section 3: a network without randomness explodes in the same way at every seed."""
    perturbations: list[bool] = []

    def attempt(_seed: int, perturbed: bool) -> Minimizer:
        perturbations.append(perturbed)
        return minimize_over([1.0, 0.9, 0.8, 0.7, 0.6] if perturbed else [3.0, torch.nan])

    restarts = Restarts(attempt, seed=0, limit=10)
    list(restarts)
    assert perturbations == [False, False, True]
    assert restarts.perturbed


def test_different_last_losses_do_not_perturb() -> None:
    perturbations: list[bool] = []

    def attempt(_seed: int, perturbed: bool) -> Minimizer:
        perturbations.append(perturbed)
        return minimize_over([3.0 + len(perturbations), torch.nan] if len(perturbations) < 4 else [1.0] * 5)

    list(Restarts(attempt, seed=0, limit=10))
    assert perturbations == [False] * 4


def test_the_last_allowed_explosion_raises_an_error_with_its_code() -> None:
    restarts = Restarts(lambda *_: minimize_over([torch.nan]), seed=0, limit=2)
    with pytest.raises(DivergedError, match=r"at every start \(3 in all\); use smaller weights") as raised:
        list(restarts)
    assert raised.value.stop_reason is StopReason.RESTARTS_EXHAUSTED


def test_a_start_that_is_not_finite_has_its_own_code() -> None:
    """A robust method takes no restart, and raises only if the start itself has no finite loss."""
    start_is_nan = Minimizer(
        lambda image: Evaluation(torch.tensor(torch.nan), {}, torch.zeros_like(image)), START, LBFGS()
    )
    with pytest.raises(DivergedError, match="loss of the starting image") as raised:
        list(Restarts(lambda *_: start_is_nan, seed=0, limit=0))
    assert raised.value.stop_reason is StopReason.START_NOT_FINITE


def test_an_attempt_that_exploded_is_freed() -> None:
    minimizers: list[weakref.ref[Minimizer]] = []

    def attempt(_seed: int, _perturbed: bool) -> Minimizer:
        gc.collect()
        assert all(reference() is None for reference in minimizers), "an earlier attempt's images would fill the memory"
        minimizer = minimize_over([3.0, torch.nan] if len(minimizers) < 2 else [3.0, 2.0, 1.0, 0.5, 0.4])
        minimizers.append(weakref.ref(minimizer))
        return minimizer

    list(Restarts(attempt, seed=0, limit=3))
    assert len(minimizers) == 3
